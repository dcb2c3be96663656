-- api.delete_team: its owner removes a team with all that hangs on it.
begin;
select plan(14);

select is(pg_get_function_arguments('api.delete_team'::regproc), 'p_user_id uuid, p_team_id uuid', 'arguments');
select is(pg_get_function_result('api.delete_team'::regproc), 'void', 'result');
select volatility_is('api', 'delete_team', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'delete_team', array['uuid', 'uuid']);
select function_owner_is('api', 'delete_team', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.delete_team'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_team'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bd71
\set ben 019e0000-0000-7000-8000-00000000bd72
\set cleo 019e0000-0000-7000-8000-00000000bd73
\set team 019e0000-0000-7000-8000-00000000bd81
insert into auth.users (id, username, email) values (:'anna', 'tap_dt_anna', 'tap_dt_anna@example.org'),
  (:'ben', 'tap_dt_ben', 'tap_dt_ben@example.org'), (:'cleo', 'tap_dt_cleo', 'tap_dt_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'owner'), (:'team', :'ben', 'admin');
\ir another_team.psql
insert into auth.team_invitations (team_id, email, invited_by, expires_at) values (:'team', 'x@example.org', :'anna', now());
select throws_ok($$ select api.delete_team('019e0000-0000-7000-8000-00000000bd72',
                 '019e0000-0000-7000-8000-00000000bd81') $$,
                 'NP001', 'Only an owner of the team may do this', 'an admin may not');
select throws_ok($$ select api.delete_team('019e0000-0000-7000-8000-00000000bd73',
                 '019e0000-0000-7000-8000-00000000bd81') $$,
                 'NF001', 'There is no such team', 'to a stranger it is not there');
delete from base.touched_tags;
select lives_ok($$ select api.delete_team('019e0000-0000-7000-8000-00000000bd71',
                '019e0000-0000-7000-8000-00000000bd81') $$, 'the owner');
select is_empty(
  $$ select t.id from auth.teams t where t.name = 'One' and t.id = '019e0000-0000-7000-8000-00000000bd81'
     union all select m.user_id from auth.team_members m where m.team_id = '019e0000-0000-7000-8000-00000000bd81'
     union all select i.id from auth.team_invitations i where i.team_id = '019e0000-0000-7000-8000-00000000bd81' $$,
  'nothing is left');
select set_eq('select tag from base.touched_tags',
  array['sessions:019e0000-0000-7000-8000-00000000bd71', 'sessions:019e0000-0000-7000-8000-00000000bd72'],
  'what its members were answered is void');
select throws_ok($$ select api.delete_team('019e0000-0000-7000-8000-00000000bd71',
                 '019e0000-0000-7000-8000-00000000bd81') $$,
                 'NF001', null, 'once');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
