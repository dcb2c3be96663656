-- core.forget_attempts: recovery lets the owner in again.
begin;
select plan(13);

select is(pg_get_function_arguments('core.forget_attempts'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('core.forget_attempts'::regproc), 'void', 'result');
select volatility_is('core', 'forget_attempts', array['uuid'], 'volatile');
select isnt_definer('core', 'forget_attempts', array['uuid']);
select function_owner_is('core', 'forget_attempts', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.forget_attempts'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.forget_attempts'::regproc;

create function pg_temp.come_from(p_address text) returns void language sql as $$
  select set_config('plinth.context', concat_ws(E'\x1f', '', 'req', p_address, 'curl'), true)
$$;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000a901', 'Tap_Forget_Anna', 'Tap_Forget_Anna@example.org'),
  ('019e0000-0000-7000-8000-00000000a902', 'Tap_Forget_Ben', 'Tap_Forget_Ben@example.org');
select pg_temp.come_from('192.0.2.7');
do $$ begin
  for n in 1 .. 5 loop
    perform core.count_attempt('password', 'tap_forget_anna', false);
    perform core.count_attempt('password', 'tap_forget_anna@example.org', false);
    perform core.count_attempt('totp', '019e0000-0000-7000-8000-00000000a901', false);
    perform core.count_attempt('password', 'tap_forget_ben', false);
    perform core.count_attempt('reset', 'tap_forget_anna', false);
  end loop;
end $$;
select is(core.check_attempts('password', 'tap_forget_anna'), false, 'she waits');
select core.forget_attempts('019e0000-0000-7000-8000-00000000a901');
select is(array[core.check_attempts('password', 'tap_forget_anna'), core.check_attempts('password', 'tap_forget_anna@example.org'),
                core.check_attempts('totp', '019e0000-0000-7000-8000-00000000a901')], '{t,t,t}', 'and no longer, by no name');
select is(core.check_attempts('password', 'tap_forget_ben'), false, 'others do');
select isnt_empty($$ select from auth.attempts a
                      where a.kind = 'reset' and a.subject = core.attempt_digest('tap_forget_anna') $$,
                  'what she asked for by mail still counts');
select lives_ok($$ select core.forget_attempts(null) $$, 'nobody is nobody');

set session authorization plinth_web;
select throws_ok($$ select core.forget_attempts(null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
