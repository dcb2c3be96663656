-- Who may do what. Nothing is open to PUBLIC, the layer's role can execute what is exposed and nothing else.
begin;
set local search_path = tap, pg_catalog;
select plan(23);

create function pg_temp.house() returns setof oid language sql as $$
  select n.oid from pg_namespace n where n.nspowner = 'plinth_owner'::regrole
$$;

-- Every privilege on every object of ours, with the defaults that an empty list stands for.
create function pg_temp.rights() returns table (kind text, object text, grantee oid, privilege text)
language sql as $$
  select 'schema', n.oid::regnamespace::text, a.grantee, a.privilege_type
    from pg_namespace n cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
   where n.oid in (select pg_temp.house()) or n.nspname in ('ext', 'public')
  union all
  select case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end,
         c.oid::regclass::text, a.grantee, a.privilege_type
    from pg_class c
   cross join lateral aclexplode(coalesce(
           c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner))) a
   where c.relnamespace in (select pg_temp.house()) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all
  select 'column', format('%s.%s', c.oid::regclass, t.attname), a.grantee, a.privilege_type
    from pg_attribute t join pg_class c on c.oid = t.attrelid cross join lateral aclexplode(t.attacl) a
   where c.relnamespace in (select pg_temp.house())
  union all
  select 'function', p.oid::regprocedure::text, a.grantee, a.privilege_type
    from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
   where p.pronamespace in (select pg_temp.house())
  union all
  select 'type', t.oid::regtype::text, a.grantee, a.privilege_type
    from pg_type t cross join lateral aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) a
   where t.typnamespace in (select pg_temp.house()) and t.typelem = 0
     -- The row type of a table follows its table.
     and (t.typrelid = 0 or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
  union all
  select 'database', d.datname, a.grantee, a.privilege_type
    from pg_database d cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
   where d.datname = current_database() and a.privilege_type <> 'CONNECT'
$$;

create function pg_temp.public_rights() returns setof text language sql as $$
  select format('%s on %s %s', privilege, kind, object) from pg_temp.rights() where grantee = 0
$$;

create function pg_temp.web_rights(p_kinds text[]) returns setof text language sql as $$
  select r.object from pg_temp.rights() r
   where r.kind = any (p_kinds) and pg_has_role('plinth_web', r.grantee, 'usage') and r.grantee <> 0
   order by 1
$$;

select is_empty('select pg_temp.public_rights()', 'PUBLIC has no right at all');
select is_empty($$ select pg_temp.web_rights('{table,view,sequence,column,type,database}') $$,
                'plinth_web has no right on any table, view, column, sequence or type');
select results_eq($$ select pg_temp.web_rights('{schema}') $$, array['api', 'http'],
                  'plinth_web enters api and http only');

-- What the layer itself calls, besides the functions that have a route.
create temp table entry as select name from string_to_table($$
http.announce_stale_tags
http.assume
http.attach_cache
http.beat
http.catalog
http.check_server_role
http.claim_mail
http.clear_tags
http.detach_cache
http.due_jobs
http.enter
http.enter_once
http.fail_job
http.fresh_for
http.health
http.leave
http.leave_once
http.note_use
http.nothing
http.openapi
http.page_bytes
http.page_limit
http.present_vouch
http.record_usage
http.replica_state
http.run_job
http.settle_mail
http.stale_tags
http.take
http.timeline
http.undelivered
http.vouch
$$, E'\n') as name where name <> '';

select set_eq(
  $$ select split_part(o, '(', 1) from pg_temp.web_rights('{function}') o $$,
  'select function_name from http.routes union select name from entry',
  'plinth_web executes exactly the functions with a route and the entry');

select is_empty(
  $$ select r.object, r.privilege from pg_temp.rights() r
      where r.grantee = 'plinth_reader'::regrole and r.kind in ('table', 'view', 'column', 'sequence')
        and not (r.privilege = 'SELECT' and (r.object ~ '^(api\.v_|compat\.)' or r.object in
                 ('http.routes', 'http.unrouted', 'http.registry', 'http.jobs'))) $$,
  'plinth_reader reads the v_ views, compat and the registry');
select is_empty(
  $$ select r.object from pg_temp.rights() r where r.grantee = 'plinth_reader'::regrole and r.kind = 'function' $$,
  'plinth_reader executes nothing');
select set_eq(
  $$ select c.oid::regclass::text from pg_class c where c.relnamespace = 'api'::regnamespace and c.relkind = 'v' $$,
  $$ select r.object from pg_temp.rights() r
      where r.grantee = 'plinth_reader'::regrole and r.privilege = 'SELECT' and r.object ~ '^api\.v_' $$,
  'and every view of the contract');

-- An operator may look at everything, and changes through functions.
select is_empty(
  $$ select c.oid::regclass from pg_class c
      where c.relnamespace in (select pg_temp.house()) and c.relkind in ('r', 'p')
        and c.relnamespace <> 'core'::regnamespace and not has_table_privilege('plinth_operator', c.oid, 'select') $$,
  'plinth_operator reads every table');
select is_empty(
  $$ select r.object, r.privilege from pg_temp.rights() r
      where r.grantee = 'plinth_operator'::regrole and r.kind in ('table', 'view', 'column')
        and r.privilege not in ('SELECT') $$,
  'plinth_operator changes no table directly');
select is_empty(
  $$ select p.oid::regprocedure from pg_proc p
      where p.pronamespace = 'api'::regnamespace and not has_function_privilege('plinth_operator', p.oid, 'execute') $$,
  'plinth_operator executes the whole contract');
-- What the layer counts, keeps and notes by itself leaves no row in the trail, so nobody else does it.
select is(array(select p.proname::text from pg_proc p
                 where p.pronamespace = 'http'::regnamespace and p.provolatile = 'v'
                   and has_function_privilege('plinth_operator', p.oid, 'execute') order by 1),
          '{assume,beat,enter,fresh_for,leave,nothing,present_vouch,vouch}',
          'plinth_operator comes in and goes out as the layer does, and does nothing else that is the layer''s');

-- The roles themselves.
select is_empty(
  $$ select rolname from pg_roles where rolname ~ '^plinth_(owner|system|web|operator|reader)$'
      and (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication) $$,
  'no role of ours is superuser, bypasses policies or makes roles or databases');
select is(
  (select string_agg(rolname, ' ') from pg_roles
    where rolcanlogin and rolname ~ '^plinth_(owner|system|web|operator|reader)$'),
  'plinth_web', 'only plinth_web logs in');
select is_empty(
  $$ select roleid::regrole from pg_auth_members where member = 'plinth_web'::regrole $$,
  'plinth_web is a member of nothing');
select is_empty(
  $$ select m.roleid::regrole, m.member::regrole from pg_auth_members m
      where m.roleid = 'plinth_system'::regrole and m.inherit_option
        and not pg_has_role(m.member, 'plinth_owner', 'set')
        and not (select rolsuper from pg_roles where oid = m.member) $$,
  'nobody inherits plinth_system');
select is_empty(
  $$ select from pg_auth_members m
      where m.roleid = 'plinth_system'::regrole and m.member = 'plinth_owner'::regrole and m.inherit_option $$,
  'plinth_owner least of all');
select set_eq(
  $$ select defaclrole::regrole::text || ' ' || defaclobjtype::text from pg_default_acl d
      where defaclnamespace = 0 and defaclobjtype in ('f', 'T')
        and defaclrole in ('plinth_owner'::regrole, 'plinth_system'::regrole)
        and not exists (select from aclexplode(d.defaclacl) where grantee = 0) $$,
  array['plinth_owner T', 'plinth_owner f', 'plinth_system T', 'plinth_system f'],
  'what is created later is closed to PUBLIC as well');

-- What plinth_system holds on a table under policies, it holds through a policy of its own for that very verb.
create function pg_temp.unmatched() returns setof text language sql as $$
  with granted as (
    select c.oid, lower(a.privilege_type) as verb
      from pg_class c cross join lateral aclexplode(c.relacl) a
     where a.grantee = 'plinth_system'::regrole and c.relrowsecurity and c.relnamespace in (select pg_temp.house())
  ), allowed as (
    select p.polrelid as oid, case p.polcmd when 'r' then 'select' when 'a' then 'insert'
                                            when 'w' then 'update' when 'd' then 'delete' else 'all' end as verb
      from pg_policy p where 'plinth_system'::regrole = any (p.polroles)
  )
  select format('%s %s', oid::regclass, verb)
    from granted g full join allowed a using (oid, verb)
   where g.verb is null or a.verb is null
$$;
select is_empty('select pg_temp.unmatched()', 'plinth_system has one policy per table and verb that it was granted');

create function base.planted() returns void language sql as 'select';
grant execute on function base.planted() to public, plinth_web;
create table base.planted (id integer);
grant select (id) on base.planted to public, plinth_web;
create type base.planted_type as (id integer);
grant update on auth.users to plinth_operator;
grant delete on auth.users to plinth_system;
select is((select count(*)::integer from pg_temp.public_rights()), 3, 'a right of PUBLIC is found');
select results_eq($$ select pg_temp.web_rights('{column}') $$, array['base.planted.id'],
                  'a right on a column is found');
select ok('base.planted()' in (select pg_temp.web_rights('{function}')), 'a function too many is found');
select isnt_empty(
  $$ select from pg_temp.rights() where grantee = 'plinth_operator'::regrole and privilege = 'UPDATE' $$,
  'an operator that writes is found');
select results_eq('select pg_temp.unmatched()', array['auth.users delete'], 'a grant without a policy is found');

select * from finish();
rollback;
