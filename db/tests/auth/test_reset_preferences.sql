-- api.reset_preferences: the defaults hold again.
begin;
select plan(12);

select is(pg_get_function_arguments('api.reset_preferences'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.reset_preferences'::regproc), 'void', 'result');
select volatility_is('api', 'reset_preferences', array['uuid'], 'volatile');
select is_definer('api', 'reset_preferences', array['uuid']);
select function_owner_is('api', 'reset_preferences', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.reset_preferences'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.reset_preferences'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bb31
\set ben 019e0000-0000-7000-8000-00000000bb32
insert into auth.users (id, username, email) values
  (:'anna', 'tap_rpref_anna', 'tap_rpref_anna@example.org'), (:'ben', 'tap_rpref_ben', 'tap_rpref_ben@example.org');
insert into auth.user_preferences (user_id, preferences, version) values
  (:'anna', '{"theme": "dark"}', 4), (:'ben', '{"theme": "dark"}', 4);

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select lives_ok($$ select api.reset_preferences('019e0000-0000-7000-8000-00000000bb31') $$, 'once');
select lives_ok($$ select api.reset_preferences('019e0000-0000-7000-8000-00000000bb31') $$,
                'nothing to forget is no error');
select throws_ok($$ select api.reset_preferences('019e0000-0000-7000-8000-00000000bb32') $$,
                 'NP001', null, 'not another''s');
reset session authorization;
select is((select g.preferences from api.get_preferences(:'anna') g), core.default_preferences(), 'the defaults hold');
select results_eq(
  $$ select p.preferences, p.version from auth.user_preferences p join auth.users u on u.id = p.user_id
      where u.username like 'tap\_rpref%' order by p.user_id $$,
  $$ values ('{}'::jsonb, 5), ('{"theme": "dark"}', 4) $$, 'the version goes on; nobody else''s changed');

select * from finish();
rollback;
