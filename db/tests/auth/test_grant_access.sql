-- api.grant_access: what it refuses.
begin;
select plan(25);

select is(pg_get_function_arguments('api.grant_access'::regproc),
  'p_user_id uuid, p_resource_type text, p_resource_id uuid, p_right text, p_username text DEFAULT '
  'NULL::text, p_team_id uuid DEFAULT NULL::uuid', 'arguments');
select is(pg_get_function_result('api.grant_access'::regproc), 'SETOF core.grant_details', 'result');
select volatility_is('api', 'grant_access', array['uuid', 'text', 'uuid', 'text', 'text', 'uuid'], 'volatile');
select is_definer('api', 'grant_access', array['uuid', 'text', 'uuid', 'text', 'text', 'uuid']);
select function_owner_is('api', 'grant_access', array['uuid', 'text', 'uuid', 'text', 'text', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.grant_access'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.grant_access'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bc31
\set ben 019e0000-0000-7000-8000-00000000bc32
\set cleo 019e0000-0000-7000-8000-00000000bc33
\set thing 019e0000-0000-7000-8000-00000000bc41
insert into auth.users (id, username, email) values
  (:'anna', 'tap_ga_anna', 'tap_ga_anna@example.org'), (:'ben', 'tap_ga_ben', 'tap_ga_ben@example.org'),
  (:'cleo', 'tap_ga_cleo', 'tap_ga_cleo@example.org');
insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000bc51', 'Ben''s');
insert into auth.team_members (team_id, user_id, role) values ('019e0000-0000-7000-8000-00000000bc51', :'ben', 'owner');
set local role plinth_owner;
create table auth.tap_things (user_id uuid, id uuid primary key);
insert into auth.resource_types (name, schema_name, table_name, description) values ('tap_thing', 'auth', 'tap_things', 'x');
reset role;
insert into auth.tap_things values (:'anna', :'thing');
create function pg_temp.give(p_user_id uuid, p_right text, p_username text, p_type text default 'tap_thing',
                             p_thing uuid default '019e0000-0000-7000-8000-00000000bc41', p_team uuid default null)
returns setof core.grant_details language sql volatile as $$
  select * from api.grant_access(p_user_id, p_type, p_thing, p_right, p_username, p_team)
$$;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select g.resource_type, g.resource_id, g.owner_id, g.subject_user_id, g.subject_team_id, g."right", g.granted_by
       from pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', 'tap_ga_ben') g $$,
  $$ values ('tap_thing', '019e0000-0000-7000-8000-00000000bc41'::uuid, '019e0000-0000-7000-8000-00000000bc31'::uuid,
             '019e0000-0000-7000-8000-00000000bc32'::uuid, null::uuid, 'read', '019e0000-0000-7000-8000-00000000bc31'::uuid) $$,
  'the owner grants');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'all', 'tap_ga_ben') $$,
                 'VL001', 'right must be read, write or admin', 'a right that is none');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', null, 'tap_ga_ben') $$,
                 'VL001', null, 'none');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', 'tap_ga_ben', 'tap_other') $$,
                 'VL001', 'resource_type must be a kind of thing that can be shared', 'a kind that is none');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', 'tap_ga_ben', null) $$,
                 'VL001', null, 'no kind');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', 'tap_ga_ben', 'tap_thing',
                                        '019e0000-0000-7000-8000-00000000bcff') $$,
                 'NF001', 'There is no such thing, or it is not yours to see', 'a thing that is none');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', 'tap_ga_anna') $$,
                 'VL001', 'The owner has every right already', 'to the owner');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', 'tap_ga_ben@example.org') $$,
                 'NF001', 'There is no user of that name', 'an address finds nobody');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', null) $$,
                 'VL003', 'Name a username or a team_id', 'to nobody');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', 'tap_ga_ben',
                                        p_team => '019e0000-0000-7000-8000-00000000bc51') $$, 'VL003', null, 'to two');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc31', 'read', null,
                                        p_team => '019e0000-0000-7000-8000-00000000bc51') $$,
                 'NF001', 'There is no such team', 'to a team the caller is not in');
reset session authorization;

select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc32', 'read', 'tap_ga_cleo') $$,
                 'NP001', 'Only its owner, or who was given admin on it, may do this', 'who may read it grants nothing');
update auth.grants set permitted = 'admin' where subject_user_id = :'ben';
select is((select g.owner_id from pg_temp.give(:'ben', 'admin', 'tap_ga_cleo') g), :'anna',
          'who was given admin does, for the owner');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc32', 'read', 'tap_ga_anna') $$,
                 'VL001', null,
                 'but not to the owner');

select base.set_setting('grant.resource_limit', '2');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc32', 'read', null,
                                        p_team => '019e0000-0000-7000-8000-00000000bc51') $$,
                 'KC004', 'One thing has at most 2 grants', 'too many on one thing');
select base.set_setting('grant.resource_limit', '200');
select base.set_setting('grant.subject_limit', '1');
select throws_ok($$ select pg_temp.give('019e0000-0000-7000-8000-00000000bc32', 'read', 'tap_ga_cleo') $$,
                 'KC004', 'A user or a team gets at most 1 grants', 'too many to one user');
insert into auth.grants (user_id, resource_type, resource_id, subject_team_id, permitted)
select g.user_id, g.resource_type, '019e0000-0000-7000-8000-00000000bcfe', '019e0000-0000-7000-8000-00000000bc51', 'read'
  from auth.grants g where g.subject_user_id = :'ben';
select throws_ok($$ select core.check_grant_count('019e0000-0000-7000-8000-00000000bcff', null,
                                                  '019e0000-0000-7000-8000-00000000bc51') $$,
                 'KC004', 'A user or a team gets at most 1 grants', 'or to one team');
select base.set_setting('grant.resource_limit', '1');
select lives_ok($$ select core.check_grant_count('019e0000-0000-7000-8000-00000000bcff', '019e0000-0000-7000-8000-00000000bcf1',
                                                 '019e0000-0000-7000-8000-00000000bcf2') $$,
                'grants of other things, users and teams do not count');

select * from finish();
rollback;
