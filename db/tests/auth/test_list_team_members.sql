-- api.list_team_members: members see each other.
begin;
select plan(12);

select is(pg_get_function_arguments('api.list_team_members'::regproc),
  'p_user_id uuid, p_team_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_team_members'::regproc),
  'TABLE(user_id uuid, username text, full_name text, role text, added_by uuid, joined_at timestamp '
  'with time zone, cursor text)', 'result');
select volatility_is('api', 'list_team_members', array['uuid', 'uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'list_team_members', array['uuid', 'uuid', 'text', 'integer']);
select function_owner_is('api', 'list_team_members', array['uuid', 'uuid', 'text', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_team_members'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_team_members'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bd91
\set ben 019e0000-0000-7000-8000-00000000bd92
\set cleo 019e0000-0000-7000-8000-00000000bd93
\set team 019e0000-0000-7000-8000-00000000bda1
insert into auth.users (id, username, email, full_name) values (:'anna', 'tap_lm_anna', 'tap_lm_anna@example.org', 'Anna A'),
  (:'ben', 'tap_lm_ben', 'tap_lm_ben@example.org', null), (:'cleo', 'tap_lm_cleo', 'tap_lm_cleo@example.org', null);
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role, added_by) values
  (:'team', :'anna', 'owner', null), (:'team', :'ben', 'member', :'anna');
\ir another_team.psql
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select results_eq(
  $$ select l.username, l.full_name, l.role, l.added_by
       from api.list_team_members('019e0000-0000-7000-8000-00000000bd92', '019e0000-0000-7000-8000-00000000bda1') l $$,
  $$ values ('tap_lm_anna', 'Anna A', 'owner', null::uuid),
            ('tap_lm_ben', null, 'member', '019e0000-0000-7000-8000-00000000bd91') $$, 'names, no addresses');
select results_eq(
  $$ select l.username from api.list_team_members('019e0000-0000-7000-8000-00000000bd92', '019e0000-0000-7000-8000-00000000bda1',
                                                  '019e0000-0000-7000-8000-00000000bd91', 1) l $$,
  array['tap_lm_ben'], 'the next page');
select throws_ok($$ select api.list_team_members('019e0000-0000-7000-8000-00000000bd92',
                 '019e0000-0000-7000-8000-00000000bda1', 'x') $$,
                 'VL001', null, 'a place that is none');
reset session authorization;
select set_config('plinth.caller', :'cleo', true);
set session authorization plinth_web;
select throws_ok($$ select api.list_team_members('019e0000-0000-7000-8000-00000000bd93',
                 '019e0000-0000-7000-8000-00000000bda1') $$,
                 'NF001', 'There is no such team', 'to a stranger the team is not there');
reset session authorization;
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
