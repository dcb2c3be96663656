-- api.remove_team_member: takes somebody out of a team.
begin;
select plan(16);

select is(pg_get_function_arguments('api.remove_team_member'::regproc),
          'p_user_id uuid, p_team_id uuid, p_member_id uuid', 'arguments');
select is(pg_get_function_result('api.remove_team_member'::regproc), 'void', 'result');
select volatility_is('api', 'remove_team_member', array['uuid', 'uuid', 'uuid'], 'volatile');
select is_definer('api', 'remove_team_member', array['uuid', 'uuid', 'uuid']);
select function_owner_is('api', 'remove_team_member', array['uuid', 'uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.remove_team_member'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.remove_team_member'::regproc;

\set anna 019e0000-0000-7000-8000-00000000be41
\set ben 019e0000-0000-7000-8000-00000000be42
\set cleo 019e0000-0000-7000-8000-00000000be43
\set dora 019e0000-0000-7000-8000-00000000be44
\set team 019e0000-0000-7000-8000-00000000be51
insert into auth.users (id, username, email) values (:'anna', 'tap_rm_anna', 'tap_rm_anna@example.org'),
  (:'ben', 'tap_rm_ben', 'tap_rm_ben@example.org'), (:'cleo', 'tap_rm_cleo', 'tap_rm_cleo@example.org'),
  (:'dora', 'tap_rm_dora', 'tap_rm_dora@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values
  (:'team', :'anna', 'owner'), (:'team', :'ben', 'member'), (:'team', :'cleo', 'admin');
\ir another_team.psql
create function pg_temp.remove(p_user text, p_member text) returns void language sql volatile as $$
  select api.remove_team_member(('019e0000-0000-7000-8000-00000000be' || p_user)::uuid, '019e0000-0000-7000-8000-00000000be51',
                                ('019e0000-0000-7000-8000-00000000be' || p_member)::uuid)
$$;
select throws_ok($$ select pg_temp.remove('42', '43') $$, 'NP001', null, 'a member removes nobody');
select throws_ok($$ select pg_temp.remove('44', '42') $$, 'NF001', 'There is no such team', 'nor a stranger');
select throws_ok($$ select pg_temp.remove('43', '41') $$, 'KC003', null, 'the owner stays');
select throws_ok($$ select pg_temp.remove('43', '44') $$, 'NF001', 'Nobody of that id is in the team',
                 'who is not in it');
delete from base.touched_tags;
select lives_ok($$ select pg_temp.remove('43', '42') $$, 'an admin removes a member');
select results_eq('select tag from base.touched_tags', array['sessions:019e0000-0000-7000-8000-00000000be42'],
                  'whose cached answers are void');
select lives_ok($$ select pg_temp.remove('41', '43') $$, 'the owner an admin');
select is((select count(*) from auth.team_members m where m.team_id = :'team'), 1::bigint, 'one is left');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
