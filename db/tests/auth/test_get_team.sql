-- api.get_team: a team the caller is in; any other is not there.
begin;
select plan(11);

select is(pg_get_function_arguments('api.get_team'::regproc), 'p_user_id uuid, p_team_id uuid', 'arguments');
select is(pg_get_function_result('api.get_team'::regproc), 'SETOF core.team_details', 'result');
select volatility_is('api', 'get_team', array['uuid', 'uuid'], 'stable');
select is_definer('api', 'get_team', array['uuid', 'uuid']);
select function_owner_is('api', 'get_team', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_team'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_team'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bd31
\set ben 019e0000-0000-7000-8000-00000000bd32
insert into auth.users (id, username, email) values
  (:'anna', 'tap_gt_anna', 'tap_gt_anna@example.org'), (:'ben', 'tap_gt_ben', 'tap_gt_ben@example.org');
insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000bd41', 'One');
insert into auth.team_members (team_id, user_id, role) values ('019e0000-0000-7000-8000-00000000bd41', :'anna', 'owner');
insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000bd42', 'Two');
insert into auth.team_members (team_id, user_id, role) values ('019e0000-0000-7000-8000-00000000bd42', :'anna', 'member');
select is((select t.name || t.role from api.get_team(:'anna', '019e0000-0000-7000-8000-00000000bd41') t), 'Oneowner',
          'hers');
select throws_ok($$ select api.get_team('019e0000-0000-7000-8000-00000000bd32',
                 '019e0000-0000-7000-8000-00000000bd41') $$,
                 'NF001', 'There is no such team', 'to a stranger');
select throws_ok($$ select api.get_team('019e0000-0000-7000-8000-00000000bd32',
                 '019e0000-0000-7000-8000-00000000bdff') $$,
                 'NF001', 'There is no such team', 'it is like one that is not there');
select throws_ok($$ select api.get_team('019e0000-0000-7000-8000-00000000bd32', null) $$, 'NF001', null, 'no team');

select * from finish();
rollback;
