-- core.rate_answer: what a user is told of a verdict.
begin;
select plan(14);

select is(pg_get_function_arguments('core.rate_answer'::regproc),
  'p_subjects text[], p_limits bigint[], p_windows ops.rate_window[], p_requests bigint, p_tokens '
  'bigint, p_now bigint', 'arguments');
select is(pg_get_function_result('core.rate_answer'::regproc),
  'TABLE(allowed boolean, scope text, unit text, period text, quota bigint, remaining bigint, reset '
  'integer, retry_after integer, windows jsonb)', 'result');
select volatility_is('core', 'rate_answer',
  array['text[]', 'bigint[]', 'ops.rate_window[]', 'bigint', 'bigint', 'bigint'], 'stable');
select isnt_definer('core', 'rate_answer',
  array['text[]', 'bigint[]', 'ops.rate_window[]', 'bigint', 'bigint', 'bigint']);
select function_owner_is('core', 'rate_answer',
  array['text[]', 'bigint[]', 'ops.rate_window[]', 'bigint', 'bigint', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.rate_answer'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.rate_answer'::regproc;

create temp table w as
select array(select core.window_plus(core.window_at(null, (array[1, 60, 1440, 1440])[(n - 1) % 4 + 1], 864000), 5)
               from generate_series(1, 4) n) as w;
create function pg_temp.answer(p_requests bigint, p_tokens bigint,
  p_limits bigint[] default '{9,8,0,7}') returns text language sql as $$
  select concat_ws(' ', a.allowed, a.scope, a.unit, a.period, a.quota, a.remaining, a.reset, a.retry_after,
                   jsonb_array_length(a.windows))
    from w, core.rate_answer('{user:x}', p_limits, w.w, p_requests, p_tokens, 864000) a
$$;
select is(pg_temp.answer(1, null), 't user requests hour 8 2 3720 0 3', 'it fits');
select is(pg_temp.answer(9, null), 'f user requests hour 8 3 3720 3720 3', 'it does not');
select is(pg_temp.answer(4, null), 'f user requests hour 8 3 3720 3720 3', 'nor here');
select is(pg_temp.answer(null, 2), 't user tokens day 7 0 89280 0 3', 'tokens');
select is(pg_temp.answer(1, null, '{9,0,0,0}'), 't user requests minute 9 3 62 0 1', 'a minute');
select is(pg_temp.answer(1, null, '{0,0,9,0}'), 't user requests day 9 3 89280 0 1', 'a day');
select is(pg_temp.answer(1, 1, '{0,0,0,0}'), 't 0 0', 'no limits');

select * from finish();
rollback;
