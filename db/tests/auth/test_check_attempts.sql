-- core.check_attempts: whether something may be tried now; the refusal says nothing else.
begin;
select plan(18);

select is(pg_get_function_arguments('core.check_attempts'::regproc), 'p_kind text, p_subject text', 'arguments');
select is(pg_get_function_result('core.check_attempts'::regproc), 'boolean', 'result');
select volatility_is('core', 'check_attempts', array['text', 'text'], 'volatile');
select isnt_definer('core', 'check_attempts', array['text', 'text']);
select function_owner_is('core', 'check_attempts', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_attempts'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_attempts'::regproc;

create function pg_temp.come_from(p_address text) returns void language sql as $$
  select set_config('plinth.context', concat_ws(E'\x1f', '', 'req', p_address, 'curl'), true)
$$;
create function pg_temp.kept() returns jsonb language sql as $$
  select nullif(current_setting('plinth.failure', true), '')::jsonb
$$;

select ok(core.check_attempts('password', 'tap_check_anna'), 'in psql');
select pg_temp.come_from('192.0.2.7');
select ok(core.check_attempts('password', 'tap_check_anna'), 'the first one');
select ok(core.check_attempts('password', null), 'of nobody');
select is_empty('select from auth.attempts', 'asking counts nothing');
select is(pg_temp.kept(), null, 'and fails nothing');
do $$ begin
  for n in 1 .. 5 loop
    perform core.count_attempt('password', 'tap_check_anna', false);
  end loop;
end $$;
select is(core.check_attempts('password', 'tap_check_anna'), false, 'after five failures');
select is(pg_temp.kept(),
  '{"code": "RL002", "message": "Too many attempts; wait as long as Retry-After says, or ask for a new password", "field": null,
    "retry_after": 60}'::jsonb, 'it is refused, and said for how long');
select is((select l.status from http.leave(201, null) l), 429, 'which is 429');
select ok(core.check_attempts('totp', 'tap_check_anna'), 'what is something else is not');
do $$ begin
  for n in 1 .. 5 loop
    perform core.count_attempt(k.kind, 'tap_check_anna', false) from unnest('{reset,totp,recovery}'::text[]) as k (kind);
  end loop;
end $$;
select results_eq(
  $$ select k.kind, core.check_attempts(k.kind, 'tap_check_anna'), pg_temp.kept() ->> 'message'
       from unnest('{reset,totp,recovery}'::text[]) as k (kind) $$,
  $$ values ('reset', false, 'Too many requests for a new password; wait as long as Retry-After says'),
            ('totp', false, 'Too many wrong codes; wait as long as Retry-After says, or use a recovery code'),
            ('recovery', false, 'Too many wrong codes; wait as long as Retry-After says') $$,
  'each kind is told in its own words');

set session authorization plinth_web;
select throws_ok($$ select core.check_attempts('password', 'x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
