-- compat: what other systems call our tables by; row policies and rights are those of the tables.
begin;
select plan(6);

insert into auth.users (id, username, email)
values ('019e0000-0000-7000-8000-00000000ce01', 'tap_compat_anna', 'tap_compat_anna@example.org');
select ops.write_audit('paint', 'tap.thing', '1', '019e0000-0000-7000-8000-00000000ce01', '{"note": {"after": "x"}}');

set session authorization plinth_operator;
select results_eq($$ select a.action, a.difference from audit_log a where a.entity_type = 'tap.thing' $$,
                  $$ values ('paint', '{"note": {"after": "x"}}'::jsonb) $$, 'audit_log: on the search path, with the values');
select results_eq($$ select u.username from users u where u.username = 'tap_compat_anna' $$,
                  $$ values ('tap_compat_anna') $$, 'users');
select lives_ok($$ select from sessions, api_keys, roles, user_roles, user_preferences, preferences limit 1 $$, 'and the others');
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
