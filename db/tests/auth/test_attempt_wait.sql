-- core.attempt_wait: how long whoever failed has to wait, and who does not.
begin;
select plan(41);

select is(pg_get_function_arguments('core.attempt_wait'::regproc), 'p_kind text, p_subject bytea, p_address bytea', 'arguments');
select is(pg_get_function_result('core.attempt_wait'::regproc), 'integer', 'result');
select volatility_is('core', 'attempt_wait', array['text', 'bytea', 'bytea'], 'volatile');
select isnt_definer('core', 'attempt_wait', array['text', 'bytea', 'bytea']);
select function_owner_is('core', 'attempt_wait', array['text', 'bytea', 'bytea'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.attempt_wait'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.attempt_wait'::regproc;

create function pg_temp.come_from(p_address text) returns void language sql as $$
  select set_config('plinth.context', concat_ws(E'\x1f', '', 'req', p_address, 'curl'), true)
$$;

create function pg_temp.fails(p_subject text, p_times integer default 1) returns integer language plpgsql as $$
declare
  v_told integer := 0;
begin
  for n in 1 .. p_times loop
    if core.check_attempts('password', p_subject) then
      v_told := v_told + core.count_attempt('password', p_subject, false)::integer;
    end if;
  end loop;
  return v_told;
end
$$;
create function pg_temp.later(p_time interval) returns void language sql as $$
  update auth.attempts a set began_at = a.began_at - p_time, failed_at = a.failed_at - p_time,
         succeeded_at = a.succeeded_at - p_time, forget_at = a.forget_at - p_time
$$;
create function pg_temp.wait(p_subject text) returns integer language sql as $$
  select core.attempt_wait('password', core.attempt_digest(p_subject), core.attempt_digest(core.attempt_address()))
$$;

select pg_temp.come_from('198.18.0.7');
select is(pg_temp.fails('tap_wait_anna', 4), 4, 'four failures');
select is(pg_temp.wait('tap_wait_anna'), 0, 'cost nothing');
select is(pg_temp.fails('tap_wait_anna', 200), 1, 'of 200 more in the same minute one is tried');
select is(pg_temp.wait('tap_wait_anna'), 60, 'for the rest of the minute none');
select pg_temp.later('59 seconds');
select is(pg_temp.fails('tap_wait_anna'), 0, 'not a second earlier');
select pg_temp.later('1 second');
select is(pg_temp.fails('tap_wait_anna'), 1, 'then one');
select is(pg_temp.wait('tap_wait_anna'), 60, 'twice 30 seconds');
select pg_temp.later('60 seconds');
select is(pg_temp.fails('tap_wait_anna', 2), 1, 'one');
select is(pg_temp.wait('tap_wait_anna'), 120, 'and twice as long each time');

-- Failures that took their time wait 30 seconds only.
select pg_temp.come_from('198.18.0.8');
select is(pg_temp.fails('tap_wait_ben', 1), 1, 'one');
select pg_temp.later('50 seconds');
select is(pg_temp.fails('tap_wait_ben', 9), 4, 'and four');
select is(pg_temp.wait('tap_wait_ben'), 30, 'begin with 30 seconds');
update auth.attempts a set failures = 13 where a.failures = 5 and a.subject <> '' and a.address <> '';
select is(pg_temp.wait('tap_wait_ben'), 3600, 'an hour at most');
update auth.attempts a set failures = 49 where a.failures = 13 and a.subject <> '' and a.address <> '';
select is(pg_temp.wait('tap_wait_ben'), 3600, 'however many there are');
update auth.attempts a set failures = 50 where a.failures = 49 and a.subject <> '' and a.address <> '';
select ok(pg_temp.wait('tap_wait_ben') > 80 * 3600, 'until 50 are enough: then until they are forgotten');
select is(core.attempt_wait('totp', core.attempt_digest('tap_wait_ben'), core.attempt_digest('198.18.0.8')), 0,
          'each kind by itself');
select throws_ok($$ select core.attempt_wait('tap', '', '') $$, 'P0002', null, 'a kind without a setting is a mistake');

-- Nobody else waits for it.
select is(pg_temp.wait('tap_wait_carol'), 0, 'another login from there');
select pg_temp.come_from('198.18.0.9');
select is(pg_temp.wait('tap_wait_ben'), 0, 'the same login from elsewhere');

-- 50 in a row from anywhere: no stranger is let in. The owner, where he was before, is.
select pg_temp.come_from('198.18.2.1');
select ok(core.count_attempt('password', 'tap_wait_dora', true), 'Dora signs in at home');
do $$ begin
  for n in 1 .. 60 loop
    perform pg_temp.come_from('198.18.1.' || n);
    perform pg_temp.fails('tap_wait_dora', 1);
  end loop;
end $$;
select is((select a.failures from auth.attempts a where a.subject = core.attempt_digest('tap_wait_dora') and a.address = ''),
          50, 'of 60 attempts from 60 addresses, 50 are tried');
select is(pg_temp.wait('tap_wait_dora'), 150 * 86400, 'then strangers are refused, for 3 days per failure');
select pg_temp.later('149 days');
select is(pg_temp.wait('tap_wait_dora'), 86400, 'day by day');
select pg_temp.come_from('198.18.2.1');
select is(pg_temp.wait('tap_wait_dora'), 0, 'Dora at home is not');
select is(pg_temp.fails('tap_wait_dora', 9), 5, 'though her own failures count there');
update base.settings set value = '0' where name = 'attempts.stop';
select pg_temp.come_from('198.18.1.99');
select is(pg_temp.wait('tap_wait_dora'), 0, 'a setting of 0 is no end');
update base.settings set value = '50' where name = 'attempts.stop';
select pg_temp.later('1 day');
select is(pg_temp.wait('tap_wait_dora'), 0, 'and at last it is forgotten');

-- One address, many logins.
update base.settings set value = '7' where name = 'attempts.per_address';
select pg_temp.come_from('198.18.0.77');
select ok(core.count_attempt('password', 'tap_wait_emil', true), 'Emil is known here');
select is((select sum(pg_temp.fails('tap_wait_many' || n)) from generate_series(1, 20) n), 7::bigint, 'seven in an hour');
select is(pg_temp.wait('tap_wait_new') between 3590 and 3600, true, 'then none until it is over');
select is(core.attempt_wait('totp', core.attempt_digest('tap_wait_new'), core.attempt_digest('198.18.0.77')), 0,
          'of this kind');
select is(pg_temp.wait('tap_wait_emil'), 0, 'except for whom is known here');
select pg_temp.come_from('198.18.0.78');
select is(pg_temp.wait('tap_wait_new'), 0, 'and for who comes from another address');

set session authorization plinth_web;
select throws_ok($$ select core.attempt_wait('password', '', '') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
