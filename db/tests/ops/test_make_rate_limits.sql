-- core.make_rate_limits: rows for who has none yet.
begin;
select plan(6);

select is(pg_get_function_arguments('core.make_rate_limits'::regproc), 'p_subjects text[], p_users uuid[]', 'arguments');
select is(pg_get_function_result('core.make_rate_limits'::regproc), 'void', 'result');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.make_rate_limits'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fc11', 'tap_make_anna', 'tap_make_anna@example.org');
delete from ops.rate_limit_tracking;
set local role plinth_system;
select core.make_rate_limits(
  '{user:019e0000-0000-7000-8000-00000000fc11,address:192.0.2.9,address:192.0.2.9}',
  array['019e0000-0000-7000-8000-00000000fc11', null, null]::uuid[]);
select results_eq($$ select t.subject, t.user_id is null from ops.rate_limit_tracking t order by 1 $$,
  $$ values ('address:192.0.2.9', true), ('user:019e0000-0000-7000-8000-00000000fc11', false) $$,
  'one row each, and whose it is');
select lives_ok($$ select core.make_rate_limits('{address:192.0.2.9}', '{null}') $$, 'who has one keeps it');
reset role;

set session authorization plinth_web;
select throws_ok($$ select core.make_rate_limits('{address:192.0.2.9}', '{null}') $$, '42501', null,
                 'the layer''s login may not');
reset session authorization;

select * from finish();
rollback;
