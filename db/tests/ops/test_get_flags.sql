-- api.get_flags: every flag as it is for the user.
begin;
select plan(14);

select is(pg_get_function_arguments('api.get_flags'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.get_flags'::regproc),
  'TABLE(key text, enabled boolean, variant text, value jsonb, reason text, cursor text)', 'result');
select volatility_is('api', 'get_flags', array['uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'get_flags', array['uuid', 'text', 'integer']);
select function_owner_is('api', 'get_flags', array['uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_flags'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_flags'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa11
\set ben 019e0000-0000-7000-8000-00000000fa12
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga1_anna', 'tap_flaga1_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga1_ben', 'tap_flaga1_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga1_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga1_chief');

insert into ops.flags (key, enabled, rules, percentage, off_value) values
  ('tap_a1_a', true, '[]', 100, 'false'), ('tap_a1_b', true, '[{"tiers": ["pro"]}]', 0, '"no"'),
  ('tap_a1_c', false, '[]', 100, 'null');
insert into ops.flags (key, enabled, archived_at) values ('tap_a1_d', true, now());
insert into ops.flags (key, enabled, starts_at, ends_at) values
  ('tap_a1_e', true, now() + interval '1 hour', now() + interval '2 hours'),
  ('tap_a1_f', true, now() - interval '1 hour', now() + interval '1 minute');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select g.key, g.enabled, g.variant, g.value, g.reason from api.get_flags('019e0000-0000-7000-8000-00000000fa11') g
      where g.key ~ '^tap_a1' $$,
  $$ values ('tap_a1_a', true, null::text, 'true'::jsonb, 'on'), ('tap_a1_b', true, null, 'true', 'rule 1'),
            ('tap_a1_c', false, null, 'null', 'off'), ('tap_a1_e', false, null, 'false', 'schedule'),
            ('tap_a1_f', true, null, 'true', 'on') $$,
  'all of them, by key, with what decided; none that was put away');
select is(current_setting('plinth.fresh_until')::float8, extract(epoch from now() + interval '1 minute')::float8,
          'good until the next schedule changes something');
select results_eq(
  $$ select g.key, g.cursor from api.get_flags('019e0000-0000-7000-8000-00000000fa11', 'tap_a1_a', 2) g $$,
  $$ values ('tap_a1_b', 'tap_a1_b'), ('tap_a1_c', 'tap_a1_c') $$, 'page by page');
select throws_ok($$ select api.get_flags('019e0000-0000-7000-8000-00000000fa12') $$, 'NP001',
  'A request acts for its own caller only', 'not for somebody else');
select set_config('plinth.caller', :'ben', true);
select results_eq(
  $$ select g.enabled, g.value, g.reason from api.get_flags('019e0000-0000-7000-8000-00000000fa12') g where g.key = 'tap_a1_b' $$,
  $$ values (false, '"no"'::jsonb, 'percentage') $$, 'another user, another answer');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.get_flags('019e0000-0000-7000-8000-00000000fa11') $$, 'UN001', 'Nobody is signed in', 'nobody');
reset session authorization;
set session authorization plinth_operator;
select throws_ok($$ select api.get_flags(null) $$, 'VL003', 'Name the user to act for', 'there are no flags of nobody');
reset session authorization;

select * from finish();
rollback;
