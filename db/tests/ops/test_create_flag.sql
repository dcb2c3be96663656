-- api.create_flag: makes a flag.
begin;
select plan(25);

select is(pg_get_function_arguments('api.create_flag'::regproc),
  'p_key text, p_description text DEFAULT ''''::text, p_enabled boolean DEFAULT false, p_percentage numeric '
  'DEFAULT 100, p_rules jsonb DEFAULT ''[]''::jsonb, p_variants jsonb DEFAULT ''[]''::jsonb, p_off_value jsonb '
  'DEFAULT ''false''::jsonb, p_prerequisites text[] DEFAULT ''{}''::text[], p_starts_at timestamp with time zone '
  'DEFAULT NULL::timestamp with time zone, p_ends_at timestamp with time zone DEFAULT NULL::timestamp with time '
  'zone, p_salt text DEFAULT NULL::text, p_reason text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.create_flag'::regproc),
  'SETOF core.flag_details', 'result');
select volatility_is('api', 'create_flag',
  array['text', 'text', 'boolean', 'numeric', 'jsonb', 'jsonb', 'jsonb', 'text[]',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text'], 'volatile');
select is_definer('api', 'create_flag',
  array['text', 'text', 'boolean', 'numeric', 'jsonb', 'jsonb', 'jsonb', 'text[]',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text']);
select function_owner_is('api', 'create_flag',
  array['text', 'text', 'boolean', 'numeric', 'jsonb', 'jsonb', 'jsonb', 'text[]',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_flag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_flag'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa31
\set ben 019e0000-0000-7000-8000-00000000fa32
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga3_anna', 'tap_flaga3_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga3_ben', 'tap_flaga3_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga3_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga3_chief');

select set_config('plinth.caller', :'anna', true);
delete from base.touched_tags;
set session authorization plinth_web;
select results_eq(
  $$ select c.key, c.description, c.state, c.enabled, c.percentage, c.rules, c.variants, c.off_value, c.prerequisites, c.salt,
            c.version from api.create_flag('tap_a', ' Plain ', p_reason => 'for the test') c $$,
  $$ values ('tap_a', 'Plain', 'off', false, 100::numeric, '[]'::jsonb, '[]'::jsonb, 'false'::jsonb, '{}'::text[], 'tap_a', 1) $$,
  'off, for everybody once it is on, drawn by its key');
select results_eq(
  $$ select c.state, c.percentage, c.rules, c.variants, c.off_value, c.prerequisites, c.starts_at, c.ends_at, c.salt
       from api.create_flag('tap_b', '', true, 12.5, '[{"tiers": ["pro"], "variant": "x"}]', '[{"name": "x", "weight": 1}]',
              '"none"', '{tap_a}', now() + interval '1 hour', now() + interval '2 hours', 'pepper') c $$,
  $$ values ('waiting', 12.5, '[{"tiers": ["pro"], "variant": "x"}]'::jsonb, '[{"name": "x", "weight": 1}]'::jsonb,
             '"none"'::jsonb, '{tap_a}'::text[], now() + interval '1 hour', now() + interval '2 hours', 'pepper') $$,
  'with all there is');
select results_eq(
  $$ select c.starts_at, c.ends_at, c.percentage, c.rules
       from api.create_flag('tap_c', null, null, null, null, null, null, null, '-infinity', 'infinity') c $$,
  $$ values (null::timestamptz, null::timestamptz, 100::numeric, '[]'::jsonb) $$, 'without bounds; NULL is the default');
reset session authorization;
select results_eq('select tag from base.touched_tags where xid = pg_current_xact_id()', array['all:flags'], 'voids kept answers');
select results_eq(
  $$ select h.version, h.changed_by, h.reason, h.restores, h.definition ->> 'description' from ops.flag_history h
      where h.key = 'tap_a' $$,
  $$ values (1, '019e0000-0000-7000-8000-00000000fa31'::uuid, 'for the test', null::integer, 'Plain') $$, 'on record, with why');
select is((select h.reason from ops.flag_history h where h.key = 'tap_b'), null, 'and a reason is of one change only');
select results_eq(
  $$ select l.action, l.actor_id from ops.audit_logs l where l.entity_type = 'ops.flags' and l.entity_id = 'tap_a' $$,
  $$ values ('insert', '019e0000-0000-7000-8000-00000000fa31'::uuid) $$, 'and in the trail');

-- What is refused.
set session authorization plinth_web;
select throws_ok($$ select api.create_flag('tap_a') $$, 'KC001', 'The key is taken', 'taken');
select throws_ok($$ select api.create_flag(null) $$, 'VL003', 'A flag needs a key', 'no key');
select throws_ok($$ select api.create_flag('Tap') $$, 'VL001',
  'key must have 1 to 100 characters: lower-case letters, and after the first also digits, _, . and -', 'a wrong key');
select throws_ok($$ select api.create_flag('tap_d', p_reason => repeat('x', 501)) $$, 'VL001',
  'reason must have at most 500 characters', 'too long a reason');
select throws_ok($$ select api.create_flag('tap_d', p_prerequisites => '{tap_none}') $$, 'VL001', 'There is no flag tap_none',
  'a prerequisite that is not there');
reset session authorization;
select base.set_setting('flags.limit', (select count(*)::text from ops.flags where archived_at is null));
set session authorization plinth_web;
select throws_ok($$ select api.create_flag('tap_d') $$, 'KC008', null, 'as many as there may be');
reset session authorization;
select throws_ok($$ insert into ops.flags (key) values ('tap_d') $$, 'KC008', null, 'in psql, too');
select lives_ok($$ insert into ops.flags (key, archived_at) values ('tap_d', now()) $$, 'archived ones do not count');

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.create_flag('tap_more') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.create_flag('tap_more') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.create_flag('tap_more') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
