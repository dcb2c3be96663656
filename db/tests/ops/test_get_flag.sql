-- api.get_flag: one flag as it is for the user.
begin;
select plan(15);

select is(pg_get_function_arguments('api.get_flag'::regproc),
  'p_user_id uuid, p_key text', 'arguments');
select is(pg_get_function_result('api.get_flag'::regproc),
  'TABLE(key text, enabled boolean, variant text, value jsonb, reason text)', 'result');
select volatility_is('api', 'get_flag', array['uuid', 'text'], 'stable');
select is_definer('api', 'get_flag', array['uuid', 'text']);
select function_owner_is('api', 'get_flag', array['uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_flag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_flag'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa21
\set ben 019e0000-0000-7000-8000-00000000fa22
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga2_anna', 'tap_flaga2_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga2_ben', 'tap_flaga2_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga2_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga2_chief');

insert into ops.flags (key, enabled, percentage, rules, variants, ends_at) values
  ('tap_a2_a', true, 0, '[{"users": ["019e0000-0000-7000-8000-00000000fa21"], "variant": "red"}]',
   '[{"name": "red", "weight": 0, "value": {"colour": "#f00"}}, {"name": "blue", "weight": 1}]', now() + interval '1 hour');
insert into ops.flags (key, enabled, prerequisites) values ('tap_a2_b', true, '{tap_a2_a}');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq($$ select g.* from api.get_flag('019e0000-0000-7000-8000-00000000fa21', 'tap_a2_a') g $$,
  $$ values ('tap_a2_a', true, 'red', '{"colour": "#f00"}'::jsonb, 'rule 1') $$, 'with variant, value and reason');
select results_eq($$ select g.* from api.get_flag('019e0000-0000-7000-8000-00000000fa21', 'tap_a2_b') g $$,
  $$ values ('tap_a2_b', true, null::text, 'true'::jsonb, 'on') $$, 'with what it hangs on');
select is(current_setting('plinth.fresh_until')::float8, extract(epoch from now() + interval '1 hour')::float8,
          'and good as long as that is');
select throws_ok($$ select api.get_flag('019e0000-0000-7000-8000-00000000fa21', 'tap_a2_c') $$, 'NF001',
  'There is no flag tap_a2_c',
                 'there is none');
select throws_ok($$ select api.get_flag('019e0000-0000-7000-8000-00000000fa21', null) $$, 'NF001', null, 'nor one without a key');
select throws_ok($$ select api.get_flag('019e0000-0000-7000-8000-00000000fa22', 'tap_a2_a') $$, 'NP001',
  'A request acts for its own caller only', 'not for somebody else');
select set_config('plinth.caller', :'ben', true);
select results_eq($$ select g.* from api.get_flag('019e0000-0000-7000-8000-00000000fa22', 'tap_a2_b') g $$,
  $$ values ('tap_a2_b', false, null::text, 'false'::jsonb, 'prerequisite') $$, 'who lacks what it needs lacks it');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.get_flag(null, 'tap_a2_a') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
