-- api.add_team_member: owners and admins put a user into the team.
begin;
select plan(21);

select is(pg_get_function_arguments('api.add_team_member'::regproc),
  'p_user_id uuid, p_team_id uuid, p_username text, p_role text DEFAULT ''member''::text', 'arguments');
select is(pg_get_function_result('api.add_team_member'::regproc), 'void', 'result');
select volatility_is('api', 'add_team_member', array['uuid', 'uuid', 'text', 'text'], 'volatile');
select is_definer('api', 'add_team_member', array['uuid', 'uuid', 'text', 'text']);
select function_owner_is('api', 'add_team_member', array['uuid', 'uuid', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.add_team_member'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.add_team_member'::regproc;

\set anna 019e0000-0000-7000-8000-00000000be01
\set ben 019e0000-0000-7000-8000-00000000be02
\set cleo 019e0000-0000-7000-8000-00000000be03
\set dora 019e0000-0000-7000-8000-00000000be04
\set team 019e0000-0000-7000-8000-00000000be11
insert into auth.users (id, username, email) values (:'anna', 'tap_am_anna', 'tap_am_anna@example.org'),
  (:'ben', 'tap_am_ben', 'tap_am_ben@example.org'), (:'cleo', 'tap_am_cleo', 'tap_am_cleo@example.org'),
  (:'dora', 'tap_am_dora', 'tap_am_dora@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'owner');
create function pg_temp.add(p_user text, p_username text, p_role text default 'member') returns void language sql volatile as $$
  select api.add_team_member(('019e0000-0000-7000-8000-00000000be' || p_user)::uuid, '019e0000-0000-7000-8000-00000000be11',
                             p_username, p_role)
$$;
select lives_ok($$ select pg_temp.add('01', 'Tap_AM_ben') $$, 'a member');
select throws_ok($$ select pg_temp.add('02', 'tap_am_cleo') $$, 'NP001', null, 'who adds nobody');
select throws_ok($$ select pg_temp.add('03', 'tap_am_cleo') $$, 'NF001', 'There is no such team', 'a stranger');
select throws_ok($$ select pg_temp.add('01', 'tap_am_ben', 'admin') $$, 'KC001', 'Already in the team', 'twice');
select throws_ok($$ select pg_temp.add('01', 'tap_am_cleo', 'owner') $$, 'VL001', 'role must be admin or member',
                 'a second owner');
select throws_ok($$ select pg_temp.add('01', 'tap_am_cleo', null) $$, 'VL001', null, 'no role');
select throws_ok($$ select pg_temp.add('01', 'tap_am_nobody') $$, 'NF001', 'There is no user of that name',
                 'an unknown user');
update auth.users set status = 'suspended' where username = 'tap_am_dora';
select throws_ok($$ select pg_temp.add('01', 'tap_am_dora') $$, 'NF001', 'There is no user of that name', 'or a suspended one');
update auth.users set status = 'active' where username = 'tap_am_dora';
select throws_ok($$ select pg_temp.add('01', 'tap_am_cleo@example.org') $$, 'NF001', null, 'an address finds nobody');
select base.set_setting('team.member_limit', '2');
select throws_ok($$ select pg_temp.add('01', 'tap_am_cleo') $$, 'KC004', 'A team has at most 2 members', 'a full team');
select base.set_setting('team.member_limit', '3');
select base.set_setting('team.user_limit', '1');
select lives_ok($$ select pg_temp.add('01', 'tap_am_cleo', 'admin') $$, 'an admin');
insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000be12', 'Two');
insert into auth.team_members (team_id, user_id) values ('019e0000-0000-7000-8000-00000000be12', :'dora');
select base.set_setting('team.member_limit', '4');
select throws_ok($$ select pg_temp.add('03', 'tap_am_dora') $$, 'KC004', 'Nobody is in more than 1 teams',
                 'a user in too many');
select is((select string_agg(m.role || ' by ' || right(m.added_by::text, 2),
          '; ' order by m.user_id) from auth.team_members m
            where m.team_id = :'team' and m.role <> 'owner'), 'member by 01; admin by 01', 'it is told who added');

-- In a request, an owner who may not change accounts.
select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select throws_ok($$ select pg_temp.add('01', 'tap_am_dora') $$, 'NP001', 'This needs the permission users:write',
                 'nobody is put into a team unasked');
reset session authorization;

select * from finish();
rollback;
