-- api.leave_team: members leave, the last owner stays.
begin;
select plan(12);

select is(pg_get_function_arguments('api.leave_team'::regproc), 'p_user_id uuid, p_team_id uuid', 'arguments');
select is(pg_get_function_result('api.leave_team'::regproc), 'void', 'result');
select volatility_is('api', 'leave_team', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'leave_team', array['uuid', 'uuid']);
select function_owner_is('api', 'leave_team', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.leave_team'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.leave_team'::regproc;

\set anna 019e0000-0000-7000-8000-00000000be61
\set ben 019e0000-0000-7000-8000-00000000be62
\set cleo 019e0000-0000-7000-8000-00000000be63
\set team 019e0000-0000-7000-8000-00000000be71
insert into auth.users (id, username, email) values (:'anna', 'tap_le_anna', 'tap_le_anna@example.org'),
  (:'ben', 'tap_le_ben', 'tap_le_ben@example.org'), (:'cleo', 'tap_le_cleo', 'tap_le_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'owner'), (:'team', :'ben', 'member');
\ir another_team.psql
select throws_ok($$ select api.leave_team('019e0000-0000-7000-8000-00000000be61',
                 '019e0000-0000-7000-8000-00000000be71') $$,
                 'KC003', 'An owner stays: transfer the team first', 'the owner stays');
select throws_ok($$ select api.leave_team('019e0000-0000-7000-8000-00000000be63',
                 '019e0000-0000-7000-8000-00000000be71') $$,
                 'NF001', 'There is no such team', 'a stranger is not in it');
select lives_ok($$ select api.leave_team('019e0000-0000-7000-8000-00000000be62',
                '019e0000-0000-7000-8000-00000000be71') $$, 'a member goes');
select throws_ok($$ select api.leave_team('019e0000-0000-7000-8000-00000000be62',
                 '019e0000-0000-7000-8000-00000000be71') $$,
                 'NF001', null, 'once');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
