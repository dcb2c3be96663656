-- api.get_preferences: the caller's choices over the defaults.
begin;
select plan(14);

select is(pg_get_function_arguments('api.get_preferences'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.get_preferences'::regproc),
  'TABLE(preferences jsonb, version integer, updated_at timestamp with time zone)', 'result');
select volatility_is('api', 'get_preferences', array['uuid'], 'stable');
select is_definer('api', 'get_preferences', array['uuid']);
select function_owner_is('api', 'get_preferences', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_preferences'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_preferences'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bb11
\set ben 019e0000-0000-7000-8000-00000000bb12
insert into auth.users (id, username, email) values
  (:'anna', 'tap_gpref_anna', 'tap_gpref_anna@example.org'), (:'ben', 'tap_gpref_ben', 'tap_gpref_ben@example.org');
insert into auth.user_preferences (user_id, preferences, version) values
  (:'anna', '{"theme": "dark", "notifications": {"product": true}}', 4);

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select g.preferences ->> 'theme', g.preferences -> 'notifications', g.preferences ->> 'page_size', g.version
       from api.get_preferences('019e0000-0000-7000-8000-00000000bb11') g $$,
  $$ values ('dark', '{"email": true, "product": true}'::jsonb, '50', 4) $$, 'what was chosen, and the rest');
select throws_ok($$ select api.get_preferences('019e0000-0000-7000-8000-00000000bb12') $$, 'NP001', null, 'not another''s');
reset session authorization;
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select results_eq(
  $$ select g.preferences = (select p.preferences - 'x' from api.get_preferences('019e0000-0000-7000-8000-00000000bb12') p),
            g.version, g.updated_at
       from api.get_preferences('019e0000-0000-7000-8000-00000000bb12') g $$,
  $$ values (true, 0, null::timestamptz) $$, 'who chose nothing is at version 0');
reset session authorization;
select is((select g.preferences from api.get_preferences(:'ben') g), core.default_preferences(), 'and has the defaults');
delete from base.touched_tags;
update auth.preference_defaults set default_value = '"dark"' where name = 'theme';
select results_eq('select tag from base.touched_tags', array['all:preferences'], 'another default voids all copies');
select is((select g.preferences ->> 'theme' from api.get_preferences(:'ben') g), 'dark', 'and holds at once');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.get_preferences(null) $$, 'VL003', null, 'an operator names the user');
reset session authorization;

select * from finish();
rollback;
