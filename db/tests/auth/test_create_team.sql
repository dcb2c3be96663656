-- api.create_team: makes a team, owned by who makes it.
begin;
select plan(15);

select is(pg_get_function_arguments('api.create_team'::regproc),
  'p_user_id uuid, p_name text, p_description text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.create_team'::regproc), 'SETOF core.team_details', 'result');
select volatility_is('api', 'create_team', array['uuid', 'text', 'text'], 'volatile');
select is_definer('api', 'create_team', array['uuid', 'text', 'text']);
select function_owner_is('api', 'create_team', array['uuid', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_team'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_team'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bd01
\set ben 019e0000-0000-7000-8000-00000000bd02
insert into auth.users (id, username, email) values
  (:'anna', 'tap_ct_anna', 'tap_ct_anna@example.org'), (:'ben', 'tap_ct_ben', 'tap_ct_ben@example.org');
select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select t.name, t.description, t.role, t.members, t.version
       from api.create_team('019e0000-0000-7000-8000-00000000bd01', ' Kitchen ', ' ') t $$,
  $$ values ('Kitchen', null::text, 'owner', 1, 1) $$, 'a team');
select lives_ok($$ select api.create_team('019e0000-0000-7000-8000-00000000bd01', 'Kitchen', 'We cook') $$,
                'names may meet');
select throws_ok($$ select api.create_team('019e0000-0000-7000-8000-00000000bd01', '  ') $$,
                 'VL001', 'name must have 1 to 100 characters and no control characters', 'a blank name');
select throws_ok($$ select api.create_team('019e0000-0000-7000-8000-00000000bd01', null) $$, 'VL001', null, 'no name');
select throws_ok($$ select api.create_team('019e0000-0000-7000-8000-00000000bd01', E'a\nb') $$,
                 'VL001', null, 'a name of two lines');
select throws_ok($$ select api.create_team('019e0000-0000-7000-8000-00000000bd01', 'x', repeat('x', 1001)) $$,
                 'VL001', 'description must have at most 1,000 characters', 'a description too long');
select throws_ok($$ select api.create_team('019e0000-0000-7000-8000-00000000bd02', 'x') $$,
                 'NP001', null, 'for nobody else');
reset session authorization;
select base.set_setting('team.user_limit', '2');
select throws_ok($$ select api.create_team('019e0000-0000-7000-8000-00000000bd01', 'Third') $$,
                 'KC004', 'Nobody is in more than 2 teams', 'too many');

select * from finish();
rollback;
