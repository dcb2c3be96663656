-- compat: what other systems call our tables by; row policies and rights are those of the tables.
begin;
select plan(11);

insert into auth.users (id, username, email)
values ('019e0000-0000-7000-8000-00000000ce01', 'tap_compat_anna', 'tap_compat_anna@example.org');
select ops.write_audit('paint', 'tap.thing', '1', '019e0000-0000-7000-8000-00000000ce01', '{"note": {"after": "x"}}');
insert into ops.audit_logs (action, entity_type) values ('paint', 'tap.bare');

set session authorization plinth_operator;
select results_eq($$ select a.action, a.difference from audit_log a where a.entity_type = 'tap.thing' $$,
                  $$ values ('paint', '{"note": {"after": "x"}}'::jsonb) $$, 'audit_log: on the search path, with the values');
select results_eq($$ select a.action, a.difference from audit_log a where a.entity_type = 'tap.bare' $$,
                  $$ values ('paint', null::jsonb) $$, 'or without');
select results_eq($$ select u.username from users u where u.username = 'tap_compat_anna' $$,
                  $$ values ('tap_compat_anna') $$, 'users');
select lives_ok($$ select from sessions, api_keys, roles, user_roles, user_preferences, preferences limit 1 $$, 'and the others');
reset session authorization;
insert into chat.skills (name, version, description, current) values
  ('TapCompat', '1.0.0', 'x', false), ('TapCompat', '2.0.0', 'x', true);
insert into chat.planner_executions (user_id, id, goal)
select '019e0000-0000-7000-8000-00000000ce01', ('019e0000-0000-7000-8000-00000000ce1' || n)::uuid, 'goal ' || n
  from generate_series(1, 2) n;
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version)
select '019e0000-0000-7000-8000-00000000ce01', ('019e0000-0000-7000-8000-00000000ce1' || n)::uuid, 1, 'step_of_' || n, 'TapCompat',
       '2.0.0'
  from generate_series(1, 2) n;
-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
select core.add_usage(array[
  row('019e0000-0000-7000-8000-00000000ce01', base.new_id(), now(), null, 'POST', '/tap', null, null, 'x', null, 'tap', 1, 2, 0.5),
  row('019e0000-0000-7000-8000-00000000ce01', base.new_id(), now(), null, 'GET', '/tap', 200, 9, 'x', null, '', null, null, null)
  ]::ops.api_usage[]);
set session authorization plinth_operator;
select results_eq($$ select m.uses, m.users, m.tokens_out from model_usage_stats m where m.model = 'tap' $$,
                  $$ values (1::numeric, 1::bigint, 2::numeric) $$, 'model_usage_stats: uses of models');
select is_empty($$ select from model_usage_stats m where m.model = '' $$, 'and nothing but them');
select is(array(select s.version from skills s where s.name = 'TapCompat'), '{2.0.0}', 'skills: the current version');
select results_eq($$ select p.goal, p.plan_steps #>> '{0,name}', jsonb_array_length(p.plan_steps) from planner_executions p
                      where p.user_id = '019e0000-0000-7000-8000-00000000ce01' order by 1 $$,
                  $$ values ('goal 1', 'step_of_1', 1), ('goal 2', 'step_of_2', 1) $$, 'planner_executions: each with its steps');
reset session authorization;
select is_empty(
  $$ select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'compat'::regnamespace and a.attname ~ '(hash|encrypted|salt)' $$, 'no hash, nothing encrypted');
select is_empty(
  $$ select c.relname from pg_class c
      where c.relnamespace = 'compat'::regnamespace and c.relname <> 'schema_migrations'
        and 'security_invoker=true' <> all (coalesce(c.reloptions, '{}')) $$, 'none lends its owner''s rights');
set session authorization plinth_web;
select throws_ok('select * from compat.users', '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
