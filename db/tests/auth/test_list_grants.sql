-- api.list_grants: on a thing, of a team, of the caller.
begin;
select plan(21);

select is(pg_get_function_arguments('api.list_grants'::regproc),
  'p_user_id uuid, p_resource_type text DEFAULT NULL::text, p_resource_id uuid DEFAULT NULL::uuid, '
  'p_team_id uuid DEFAULT NULL::uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_grants'::regproc),
  'TABLE(id uuid, resource_type text, resource_id uuid, owner_id uuid, subject_user_id uuid, '
  'subject_team_id uuid, "right" text, granted_by uuid, created_at timestamp with time zone, '
  'updated_at timestamp with time zone, cursor text)', 'result');
select volatility_is('api', 'list_grants', array['uuid', 'text', 'uuid', 'uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'list_grants', array['uuid', 'text', 'uuid', 'uuid', 'text', 'integer']);
select function_owner_is('api', 'list_grants', array['uuid', 'text', 'uuid', 'uuid', 'text',
                         'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_grants'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_grants'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bca1
\set ben 019e0000-0000-7000-8000-00000000bca2
\set cleo 019e0000-0000-7000-8000-00000000bca3
\set team 019e0000-0000-7000-8000-00000000bcb1
insert into auth.users (id, username, email) values
  (:'anna', 'tap_lg_anna', 'tap_lg_anna@example.org'), (:'ben', 'tap_lg_ben', 'tap_lg_ben@example.org'),
  (:'cleo', 'tap_lg_cleo', 'tap_lg_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'Both');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'ben', 'owner'), (:'team', :'cleo', 'member');
insert into auth.resource_types (name, schema_name, table_name, description) values ('tap_thing', 'auth', 'tap_things', 'x');
insert into auth.grants (user_id, id, resource_type, resource_id, subject_user_id, subject_team_id, permitted) values
  (:'anna', '019e0000-0000-7000-8000-00000000bcc1', 'tap_thing', '019e0000-0000-7000-8000-00000000bcd1', :'ben', null, 'admin'),
  (:'anna', '019e0000-0000-7000-8000-00000000bcc2', 'tap_thing', '019e0000-0000-7000-8000-00000000bcd1', null, :'team', 'read'),
  (:'anna', '019e0000-0000-7000-8000-00000000bcc3', 'tap_thing', '019e0000-0000-7000-8000-00000000bcd2', :'ben', null, 'write'),
  (:'anna', '019e0000-0000-7000-8000-00000000bcc4', 'tap_thing', '019e0000-0000-7000-8000-00000000bcd2', :'cleo', null, 'write');
create function pg_temp.listed(p_user_id uuid, p_thing text default null, p_team uuid default null, p_after text default null,
                               p_limit integer default 50) returns text language sql volatile as $$
  select string_agg(right(l.id::text, 2), ' ' order by l.n)
    from (select l.*, row_number() over () as n
            from api.list_grants(p_user_id, case when p_thing is not null then 'tap_thing' end,
                                 ('019e0000-0000-7000-8000-00000000bc' || p_thing)::uuid, p_team, p_after, p_limit) l) l
$$;

select is(pg_temp.listed(:'anna', 'd1'), 'c2 c1', 'the owner sees every grant on the thing');
select is(pg_temp.listed(:'ben', 'd1'), 'c2 c1', 'so does who was given admin');
select is(pg_temp.listed(:'cleo', 'd1'), 'c2', 'others what concerns them');
select is(pg_temp.listed(:'ben', 'd2'), 'c3', 'also where they may write');
select is(pg_temp.listed(:'anna'), null, 'the owner was given nothing');
select is(pg_temp.listed(:'ben'), 'c3 c2 c1', 'the caller''s, also through teams');
select is(pg_temp.listed(:'cleo'), 'c4 c2', 'another''s');
select is(pg_temp.listed(:'cleo', null, :'team'), 'c2', 'the team''s');
select is(pg_temp.listed(:'ben', null, null, '019e0000-0000-7000-8000-00000000bcc3', 1), 'c2', 'a page');
select results_eq(
  $$ select l.owner_id, l."right", l.cursor from api.list_grants('019e0000-0000-7000-8000-00000000bca3', p_limit => 1) l $$,
  $$ values ('019e0000-0000-7000-8000-00000000bca1'::uuid, 'write', '019e0000-0000-7000-8000-00000000bcc4') $$, 'what it tells');
insert into auth.resource_types (name, schema_name, table_name, description) values ('tap_other', 'auth', 'tap_others', 'x');
insert into auth.grants (user_id, resource_type, resource_id, subject_user_id, permitted) values
  (:'anna', 'tap_other', '019e0000-0000-7000-8000-00000000bcd1', :'ben', 'read');
select is(pg_temp.listed(:'anna', 'd1'), 'c2 c1', 'not those on a thing of another kind with the same id');
select throws_ok($$ select pg_temp.listed('019e0000-0000-7000-8000-00000000bca1', null, '019e0000-0000-7000-8000-00000000bcb1') $$,
                 'NF001', 'There is no such team', 'a team the caller is not in');
select throws_ok($$ select api.list_grants('019e0000-0000-7000-8000-00000000bca1', 'tap_thing') $$,
                 'VL003', 'Name resource_type and resource_id, or neither', 'a kind without a thing');
select throws_ok($$ select api.list_grants('019e0000-0000-7000-8000-00000000bca1', p_after => 'x') $$,
                 'VL001', null, 'a place that is none');

select * from finish();
rollback;
