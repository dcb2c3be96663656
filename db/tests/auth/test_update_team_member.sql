-- api.update_team_member: makes admins and members of each other.
begin;
select plan(18);

select is(pg_get_function_arguments('api.update_team_member'::regproc),
  'p_user_id uuid, p_team_id uuid, p_member_id uuid, p_role text', 'arguments');
select is(pg_get_function_result('api.update_team_member'::regproc), 'void', 'result');
select volatility_is('api', 'update_team_member', array['uuid', 'uuid', 'uuid', 'text'], 'volatile');
select is_definer('api', 'update_team_member', array['uuid', 'uuid', 'uuid', 'text']);
select function_owner_is('api', 'update_team_member', array['uuid', 'uuid', 'uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_team_member'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_team_member'::regproc;

\set anna 019e0000-0000-7000-8000-00000000be21
\set ben 019e0000-0000-7000-8000-00000000be22
\set cleo 019e0000-0000-7000-8000-00000000be23
\set dora 019e0000-0000-7000-8000-00000000be24
\set team 019e0000-0000-7000-8000-00000000be31
insert into auth.users (id, username, email) values (:'anna', 'tap_um_anna', 'tap_um_anna@example.org'),
  (:'ben', 'tap_um_ben', 'tap_um_ben@example.org'), (:'cleo', 'tap_um_cleo', 'tap_um_cleo@example.org'),
  (:'dora', 'tap_um_dora', 'tap_um_dora@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values
  (:'team', :'anna', 'owner'), (:'team', :'ben', 'member'), (:'team', :'cleo', 'admin');
\ir another_team.psql
create function pg_temp.set_role(p_user text, p_member text, p_role text) returns void language sql volatile as $$
  select api.update_team_member(('019e0000-0000-7000-8000-00000000be' || p_user)::uuid, '019e0000-0000-7000-8000-00000000be31',
                                ('019e0000-0000-7000-8000-00000000be' || p_member)::uuid, p_role)
$$;
select throws_ok($$ select pg_temp.set_role('22', '22', 'admin') $$, 'NP001', null, 'a member makes himself nothing');
select throws_ok($$ select pg_temp.set_role('24', '22', 'admin') $$, 'NF001', 'There is no such team',
                 'nor a stranger');
select throws_ok($$ select pg_temp.set_role('23', '21', 'member') $$, 'KC003',
                 'An owner stays: transfer the team first', 'the owner stays');
select throws_ok($$ select pg_temp.set_role('21', '21', 'member') $$, 'KC003', null, 'also by himself');
select throws_ok($$ select pg_temp.set_role('23', '23', 'owner') $$, 'VL001', 'role must be admin or member',
                 'nobody becomes owner');
select throws_ok($$ select pg_temp.set_role('21', '22', null) $$, 'VL001', null, 'no role');
select throws_ok($$ select pg_temp.set_role('21', '24', 'admin') $$, 'NF001', 'Nobody of that id is in the team',
                 'a stranger');
select lives_ok($$ select pg_temp.set_role('23', '22', 'admin') $$, 'an admin makes an admin');
select lives_ok($$ select pg_temp.set_role('22', '23', 'member') $$, 'who makes the first a member');
select is((select string_agg(m.role, ' ' order by m.user_id) from auth.team_members m where m.team_id = :'team'),
          'owner admin member', 'so it is');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
