-- api.transfer_team: another member becomes the owner.
begin;
select plan(17);

select is(pg_get_function_arguments('api.transfer_team'::regproc), 'p_user_id uuid, p_team_id uuid, p_member_id uuid',
          'arguments');
select is(pg_get_function_result('api.transfer_team'::regproc), 'void', 'result');
select volatility_is('api', 'transfer_team', array['uuid', 'uuid', 'uuid'], 'volatile');
select is_definer('api', 'transfer_team', array['uuid', 'uuid', 'uuid']);
select function_owner_is('api', 'transfer_team', array['uuid', 'uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.transfer_team'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.transfer_team'::regproc;

\set anna 019e0000-0000-7000-8000-00000000be81
\set ben 019e0000-0000-7000-8000-00000000be82
\set cleo 019e0000-0000-7000-8000-00000000be83
\set team 019e0000-0000-7000-8000-00000000be91
insert into auth.users (id, username, email) values (:'anna', 'tap_tt_anna', 'tap_tt_anna@example.org'),
  (:'ben', 'tap_tt_ben', 'tap_tt_ben@example.org'), (:'cleo', 'tap_tt_cleo', 'tap_tt_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'owner'), (:'team', :'ben', 'admin');
\ir another_team.psql
create function pg_temp.transfer(p_user text, p_member text) returns void language sql volatile as $$
  select api.transfer_team(('019e0000-0000-7000-8000-00000000be' || p_user)::uuid, '019e0000-0000-7000-8000-00000000be91',
                           ('019e0000-0000-7000-8000-00000000be' || p_member)::uuid)
$$;
select is((select r.auth from http.routes r where r.function_name = 'api.transfer_team'), 'step_up',
          'it needs a second look');
select throws_ok($$ select pg_temp.transfer('82', '82') $$, 'NP001', 'Only an owner of the team may do this',
                 'an admin does not take it');
select throws_ok($$ select pg_temp.transfer('83', '83') $$, 'NF001', 'There is no such team', 'nor a stranger');
select throws_ok($$ select pg_temp.transfer('81', '81') $$, 'VL001', 'member_id must be another member', 'to oneself');
select throws_ok($$ select pg_temp.transfer('81', '83') $$, 'NF001', 'Nobody of that id is in the team',
                 'to who is not in it');
select lives_ok($$ select pg_temp.transfer('81', '82') $$, 'to a member');
select is((select string_agg(m.role, ' ' order by m.user_id) from auth.team_members m where m.team_id = :'team'),
          'admin owner', 'there is one owner, and the former one is admin');
select is((select count(*) from ops.audit_logs l where l.entity_type = 'auth.team_members' and l.action = 'update'
            and l.entity_id = :'team' and l.actor_id = :'anna'), 2::bigint, 'both are on record');
select throws_ok($$ select pg_temp.transfer('81', '82') $$, 'NP001', null, 'once');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
