-- api.preview_flag: how many would have a flag.
begin;
select plan(17);

select is(pg_get_function_arguments('api.preview_flag'::regproc),
  'p_key text, p_percentage numeric DEFAULT NULL::numeric, p_rules jsonb DEFAULT NULL::jsonb', 'arguments');
select is(pg_get_function_result('api.preview_flag'::regproc),
  'TABLE(active_users bigint, enabled bigint, percentage numeric, variants jsonb, looked_at integer, exact boolean)', 'result');
select volatility_is('api', 'preview_flag', array['text', 'numeric', 'jsonb'], 'stable');
select is_definer('api', 'preview_flag', array['text', 'numeric', 'jsonb']);
select function_owner_is('api', 'preview_flag', array['text', 'numeric', 'jsonb'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.preview_flag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.preview_flag'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fab1
\set ben 019e0000-0000-7000-8000-00000000fab2
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flagab_anna', 'tap_flagab_anna@example.org', 'pro'),
  (:'ben', 'tap_flagab_ben', 'tap_flagab_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flagab_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flagab_chief');

update auth.users set status = 'suspended' where id not in (:'anna', :'ben') and status = 'active'
   and not exists (select from auth.user_roles r where r.user_id = users.id and r.role = 'administrator');
insert into auth.users (username, email, tier)
select 'tap_flagab_' || n, 'tap_flagab_' || n || '@example.org', 'enterprise' from generate_series(1, 200) n;
insert into ops.flags (key, enabled, percentage, rules, starts_at, variants) values
  ('tap_a', false, 0, '[{"tiers": ["enterprise"], "percentage": 50, "variant": "y"}]', now() + interval '1 day',
   '[{"name": "x", "weight": 1}, {"name": "y", "weight": 0}]');
insert into ops.flags (key) values ('tap_off');
select set_config('plinth.caller', :'anna', true);
create temp table counted as select count(*)::integer as users, count(*) filter (where tier = 'enterprise') as large
  from auth.users where status = 'active';
grant select on counted to plinth_web;

set session authorization plinth_web;
select results_eq($$ select p.active_users = c.users, p.looked_at = c.users, p.exact, p.enabled between 70 and 130,
    p.variants = jsonb_build_object('x', 0, 'y', p.enabled), p.percentage = round(100.0 * p.enabled / c.users, 2)
    from api.preview_flag('tap_a') p, counted c $$,
  $$ values (true, true, true, true, true, true) $$, 'as if it were on now');
select results_eq($$ select p.enabled = c.users, p.variants = jsonb_build_object('x', c.users, 'y', 0)
    from api.preview_flag('tap_a', 100, '[]') p, counted c $$, $$ values (true, true) $$, 'as proposed');
select results_eq($$ select p.enabled = c.large
  from api.preview_flag('tap_a', p_rules => '[{"tiers": ["enterprise"]}]') p, counted c $$,
  $$ values (true) $$, 'other rules alone');
select throws_ok($$ select api.preview_flag('tap_none') $$, 'NF001', 'There is no flag tap_none', 'none');
select throws_ok($$ select api.preview_flag('tap_a', 101) $$, 'VL001',
  'percentage must be from 0 to 100, with two decimals at most',
                 'a wrong field');
select throws_ok($$ select api.preview_flag('tap_a', p_rules => '[{"tier": ["pro"]}]') $$, 'VL001', null, 'a rule that is none');
reset session authorization;
update ops.flags set prerequisites = '{tap_off}' where key = 'tap_a';
set session authorization plinth_web;
select results_eq($$ select p.enabled from api.preview_flag('tap_a', 100) p $$,
  array[0::bigint], 'what it needs is taken as it is');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.preview_flag('tap_a') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.preview_flag('tap_a') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.preview_flag('tap_a') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
