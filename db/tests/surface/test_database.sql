-- The database around the objects: settings that belong to it, and the traps that a setting avoids.
begin;
set local search_path = tap, pg_catalog;
select plan(11);

create function pg_temp.setting_of(p_role name, p_name text) returns text language sql as $$
  select split_part(c, '=', 2)
    from pg_db_role_setting s cross join lateral unnest(s.setconfig) c
   where s.setdatabase = (select oid from pg_database where datname = current_database())
     and s.setrole = coalesce((select oid from pg_roles where rolname = p_role), 0) and split_part(c, '=', 1) = p_name
$$;

select is(pg_temp.setting_of(null, 'search_path'), 'api, compat, public, tap', 'the contract is on everybody''s path');
select is(pg_temp.setting_of('plinth_web', 'TimeZone'), 'UTC', 'the layer reads times in UTC');
select is(array(select pg_temp.setting_of('plinth_web', n) from unnest(array['standard_conforming_strings',
                  'quote_all_identifiers', 'row_security', 'extra_float_digits']) n),
          '{on,off,on,1}', 'whatever the server says, it reads patterns, finds rows and tells numbers in one way');
select isnt(pg_temp.setting_of('plinth_web', 'statement_timeout'), null, 'its statements end');
select isnt(pg_temp.setting_of('plinth_web', 'lock_timeout'), null, 'and its waiting for locks');
select is(current_setting('server_encoding'), 'UTF8', 'text is UTF-8');
select is_empty(
  $$ select extname from pg_extension e where extnamespace not in ('ext'::regnamespace, 'pg_catalog'::regnamespace)
        and extname <> 'pgtap' $$, 'extensions live in ext');
select is_empty('select c.oid::regclass from pg_class c where c.relnamespace = ''public''::regnamespace',
                'nothing is in the schema public');
select is_empty(
  $$ select d.datname from pg_database d
      cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
      where d.datname = current_database() and a.grantee in (0, 'plinth_web'::regrole)
        and a.privilege_type in ('CREATE', 'TEMPORARY') $$,
  'neither PUBLIC nor plinth_web makes schemas or temporary tables');
select is_empty(
  $$ select n.nspname from pg_namespace n
      where n.nspname in (select distinct table_schema from information_schema.tables)
        and n.nspname !~ '^(pg_|information_schema|ext$|tap$|public$)' and n.nspowner <> 'plinth_owner'::regrole $$,
  'every schema with tables is ours');
select is((select count(*) from (select base.new_id() as id from generate_series(1, 50)) i
            where substr(i.id::text, 15, 1) = '7'), 50::bigint, 'new ids are of version 7');

select * from finish();
rollback;
