-- api.undo_flag: makes a flag what it was.
begin;
select plan(30);

select is(pg_get_function_arguments('api.undo_flag'::regproc),
  'p_key text, p_to_version integer DEFAULT NULL::integer, p_reason text DEFAULT NULL::text, p_version integer '
  'DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.undo_flag'::regproc),
  'SETOF core.flag_details', 'result');
select volatility_is('api', 'undo_flag', array['text', 'integer', 'text', 'integer'], 'volatile');
select is_definer('api', 'undo_flag', array['text', 'integer', 'text', 'integer']);
select function_owner_is('api', 'undo_flag', array['text', 'integer', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.undo_flag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.undo_flag'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa61
\set ben 019e0000-0000-7000-8000-00000000fa62
insert into ops.flags (key, description, percentage) values ('tap_other', 'Another', 7);
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga6_anna', 'tap_flaga6_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga6_ben', 'tap_flaga6_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga6_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga6_chief');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select lives_ok($$ select api.create_flag('tap_a',
  'One', true, 10, p_variants => '[{"name": "x", "weight": 1}, {"name": "y", "weight": 1},
  {"name": "z", "weight": 1}]') $$, 'a flag');
select throws_ok($$ select api.undo_flag('tap_a') $$, 'KC004',
  'The flag has not changed since it was made: there is nothing to undo',
                 'nothing happened yet');
select lives_ok($$ select api.update_flag('tap_a', 'Two', false, 90, '[{"tiers": ["pro"]}]',
  '[{"name": "x", "weight": 5}, {"name": "y", "weight": 1}]', '1', '{}', now(), now() + interval '1 day', 'salt') $$,
  'changed all over');
select results_eq(
  $$ select u.description, u.enabled, u.percentage, u.rules, jsonb_array_length(u.variants), u.off_value, u.starts_at, u.ends_at,
            u.salt, u.version from api.undo_flag('tap_a', p_reason => 'a mistake', p_version => 2) u $$,
  $$ values ('One', true, 10::numeric, '[]'::jsonb, 3, 'false'::jsonb, null::timestamptz, null::timestamptz, 'tap_a', 3) $$,
  'as it was, as a new version');
reset session authorization;
select results_eq(
  $$ select h.version, h.reason, h.restores, h.definition - '{version,updated_at}'::text[]
            = (select f.definition - '{version,updated_at}'::text[] from ops.flag_history f
                where f.key = 'tap_a' and f.version = 1)
       from ops.flag_history h where h.key = 'tap_a' and h.version = 3 $$,
  $$ values (3, 'a mistake', 1, true) $$, 'whole, slots of variants too, and on record');
set session authorization plinth_web;
select results_eq($$ select u.description, u.version from api.undo_flag('tap_a') u $$, $$ values ('Two', 4) $$,
  'an undo can be undone');
select results_eq($$ select u.description, u.version from api.undo_flag('tap_a', 1) u $$, $$ values ('One', 5) $$,
                  'and any version brought back');
select lives_ok($$ select api.archive_flag('tap_a') $$, 'put away');
select results_eq($$ select u.state, u.version from api.undo_flag('tap_a') u $$, $$ values ('on', 7) $$, 'and taken out again');

-- What is refused.
select throws_ok($$ select api.undo_flag('tap_none') $$, 'NF001', 'There is no flag tap_none', 'no such flag');
select throws_ok($$ select api.undo_flag('tap_a', 7) $$, 'NF001', 'The flag had no version 7 before this one',
  'not to what it is');
select throws_ok($$ select api.undo_flag('tap_a', 0) $$, 'NF001', 'The flag had no version 0 before this one',
  'nor to what never was');
select throws_ok($$ select api.undo_flag('tap_a', p_version => 6) $$, 'KC002', 'The version is 7 by now, not 6',
  'an old version');
select lives_ok($$ select api.create_flag('tap_b', p_prerequisites => '{tap_a}') $$, 'another needs it');
select throws_ok($$ select api.undo_flag('tap_a', 6) $$, 'KC007', 'The flag tap_b needs it',
  'so it cannot be put away by an undo');
select lives_ok($$ select api.update_flag('tap_b', p_prerequisites => '{}') $$, 'no more');
select lives_ok($$ select api.archive_flag('tap_a') $$, 'now it can be put away');
select throws_ok($$ select api.undo_flag('tap_b', 1) $$, 'VL001', 'There is no flag tap_a', 'what is needed must be there');
reset session authorization;
select base.set_setting('flags.limit', (select count(*)::text from ops.flags where archived_at is null));
set session authorization plinth_web;
select throws_ok($$ select api.undo_flag('tap_a') $$, 'KC008', null, 'and there must be room');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.undo_flag('tap_a') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.undo_flag('tap_a') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.undo_flag('tap_a') $$, '42501', null, 'a reader may not');
reset session authorization;
select is((select f.description || f.percentage || f.version from ops.flags f where f.key = 'tap_other'), 'Another71',
          'another flag is as it was');

select * from finish();
rollback;
