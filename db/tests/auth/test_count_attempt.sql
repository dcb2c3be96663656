-- core.count_attempt: counts, makes known, and keeps back what came too late.
begin;
select plan(35);

select is(pg_get_function_arguments('core.count_attempt'::regproc), 'p_kind text, p_subject text, p_success boolean', 'arguments');
select is(pg_get_function_result('core.count_attempt'::regproc), 'boolean', 'result');
select volatility_is('core', 'count_attempt', array['text', 'text', 'boolean'], 'volatile');
select isnt_definer('core', 'count_attempt', array['text', 'text', 'boolean']);
select function_owner_is('core', 'count_attempt', array['text', 'text', 'boolean'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.count_attempt'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.count_attempt'::regproc;

create function pg_temp.come_from(p_address text) returns void language sql as $$
  select set_config('plinth.context', concat_ws(E'\x1f', '', 'req', p_address, 'curl'), true)
$$;
create function pg_temp.kept() returns jsonb language sql as $$
  select nullif(current_setting('plinth.failure', true), '')::jsonb
$$;

select ok(core.count_attempt('password', 'tap_count_anna', false), 'nothing is counted in psql');
select is_empty('select from auth.attempts', 'nothing at all');

select pg_temp.come_from('192.0.2.7');
select ok(core.count_attempt('password', 'tap_count_anna', false), 'a failure');
select is(array(select a.failures from auth.attempts a), '{1,1,1,1}',
          'counts for the pair, the login, the address and all');
select is_empty($$ select from auth.attempts a where a::text like '%anna%' or a::text like '%192.0.2.7%' $$, 'none is named');
select ok(core.count_attempt('password', 'tap_count_anna', null), 'no outcome is a failure');
select ok(core.count_attempt('password', 'tap_count_ben', false), 'of another login');
select results_eq(
  $$ select (a.subject <> '')::integer + 2 * (a.address <> '')::integer, a.failures from auth.attempts a order by 1, 2 $$,
  $$ values (0, 3), (1, 1), (1, 2), (2, 3), (3, 1), (3, 2) $$, 'in six rows');
select is(a.forget_at - a.failed_at, interval '6 days', 'remembered for 3 days each') from auth.attempts a
 where a.subject = core.attempt_digest('tap_count_anna') and a.address <> '';

select ok(core.count_attempt('password', 'tap_count_anna', true), 'a success');
select results_eq(
  $$ select a.failures, a.succeeded_at is not null from auth.attempts a where a.subject = core.attempt_digest('tap_count_anna') $$,
  $$ values (0, true) $$, 'ends the row of failures, and makes known');
select ok(core.count_attempt('password', 'tap_count_anna', false), 'a failure where one is known');
select results_eq(
  $$ select (a.subject <> '')::integer + 2 * (a.address <> '')::integer, a.failures from auth.attempts a order by 1, 2 $$,
  $$ values (0, 3), (1, 0), (1, 1), (2, 3), (3, 1), (3, 1) $$, 'counts there only');
select cmp_ok((select a.forget_at from auth.attempts a where a.succeeded_at is not null), '>', now() + interval '179 days',
              'and is known no shorter for it');

select pg_temp.come_from('192.0.2.8');
select ok(core.count_attempt('password', 'tap_count_dora', false), 'a failure elsewhere');
select pg_temp.come_from('192.0.2.7');
select ok(core.count_attempt('password', 'tap_count_dora', true), 'a success');
select is((select a.failures || ' ' || coalesce(a.succeeded_at::text, 'never') from auth.attempts a
            where a.subject = core.attempt_digest('tap_count_dora') and a.address = core.attempt_digest('192.0.2.8')),
          '1 never', 'makes no other address known');

select ok(core.count_attempt('totp', 'tap_count_kim', false) and core.count_attempt('password', 'tap_count_kim', true)
          and core.count_attempt('totp', 'tap_count_kim', false), 'a success of another kind');
select results_eq(
  $$ select a.address <> '', a.failures from auth.attempts a
      where a.kind = 'totp' and a.subject = core.attempt_digest('tap_count_kim') order by 1 $$,
  $$ values (false, 2), (true, 2) $$, 'ends no failures of this one, and makes nobody known for it');
select is(array(select a.failures from auth.attempts a
                 where a.kind = 'password' and a.subject = core.attempt_digest('tap_count_kim')), '{0}',
          'nor is a failure one of another');

-- What was under way when others used up the attempts.
select is((select sum(core.count_attempt('password', 'tap_count_carol', false)::integer) from generate_series(1, 20)), 5::bigint,
          'of 20 at once five are told');
select is(pg_temp.kept() - 'retry_after',
  jsonb_build_object('code', 'RL002', 'field', null, 'message',
                     'Too many attempts; wait as long as Retry-After says, or ask for a new password'),
  'of the others it is said');
select is(core.count_attempt('password', 'tap_count_carol', true), false, 'a right one is not told either');
select is_empty($$ select from auth.attempts a where a.subject = core.attempt_digest('tap_count_carol')
                                                and a.succeeded_at is not null $$, 'and counts for nothing');

-- What is forgotten is as if it had not been.
update auth.attempts a set forget_at = now() - interval '1 second';
select ok(core.count_attempt('password', 'tap_count_anna', false), 'later');
select results_eq(
  $$ select a.failures, a.succeeded_at from auth.attempts a
      where a.subject = core.attempt_digest('tap_count_anna') and a.address <> '' $$,
  $$ values (1, null::timestamptz) $$, 'it begins anew');
select is((select a.failures from auth.attempts a where a.subject = core.attempt_digest('tap_count_anna') and a.address = ''),
          1, 'and where it was known once, it is not any more');

set session authorization plinth_web;
select throws_ok($$ select core.count_attempt('password', 'x', true) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
