-- api.is_feature_enabled: whether a user has a feature.
begin;
select plan(21);

select is(pg_get_function_arguments('api.is_feature_enabled'::regproc),
  'p_user_id uuid, p_flag text', 'arguments');
select is(pg_get_function_result('api.is_feature_enabled'::regproc),
  'boolean', 'result');
select volatility_is('api', 'is_feature_enabled', array['uuid', 'text'], 'stable');
select is_definer('api', 'is_feature_enabled', array['uuid', 'text']);
select function_owner_is('api', 'is_feature_enabled', array['uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.is_feature_enabled'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'api.is_feature_enabled'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa01
\set ben 019e0000-0000-7000-8000-00000000fa02
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga0_anna', 'tap_flaga0_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga0_ben', 'tap_flaga0_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga0_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga0_chief');

insert into ops.flags (key, enabled, rules, percentage) values
  ('tap_on', true, '[]', 100), ('tap_off', false, '[]', 100), ('tap_pro', true, '[{"tiers": ["pro"]}]', 0);
insert into ops.flags (key, enabled, prerequisites) values ('tap_needs', true, '{tap_pro}'), ('tap_deep', true, '{tap_needs}');

set session authorization plinth_operator;
select ok(api.is_feature_enabled(:'anna', 'tap_on'), 'on is on');
select ok(not api.is_feature_enabled(:'anna', 'tap_off'), 'off is off');
select ok(api.is_feature_enabled(:'anna', 'tap_pro'), 'a rule decides by what the user is');
select ok(not api.is_feature_enabled(:'ben', 'tap_pro'), 'and is');
select ok(api.is_feature_enabled(:'anna', 'tap_deep'), 'prerequisites are looked up');
select ok(not api.is_feature_enabled(:'ben', 'tap_deep'), 'down to the last');
select is(api.is_feature_enabled(:'anna', 'tap_none'), false, 'a flag that is not there is off');
select is(api.is_feature_enabled(:'anna', null), false, 'so is none');
select is(api.is_feature_enabled('019e0000-0000-7000-8000-00000000dead', 'tap_pro'), false, 'nobody''s tier is no tier');
select throws_ok($$ select api.is_feature_enabled(null, 'tap_on') $$, 'VL003', 'Name the user to act for',
  'and nobody has no flag');
reset session authorization;
update ops.flags set archived_at = now() where key = 'tap_on';
set session authorization plinth_operator;
select ok(not api.is_feature_enabled(:'anna', 'tap_on'), 'one that was put away is off');
reset session authorization;

select set_config('plinth.caller', :'ben', true);
select throws_ok(format('select api.is_feature_enabled(%L, %L)', :'anna', 'tap_on'), 'NP001',
  'A request acts for its own caller only', 'not for somebody else');
select throws_ok(format('select api.is_feature_enabled(%L, %L)', :'anna', 'tap_none'), 'NP001',
  'A request acts for its own caller only', 'nor where there is no flag');
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok($$ select api.is_feature_enabled(null, 'tap_on') $$, '42501', null, 'the layer asks GET /v1/flags');
reset session authorization;

select * from finish();
rollback;
