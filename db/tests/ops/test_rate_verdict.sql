-- core.rate_verdict: whether it fits, and which window decides.
begin;
select plan(20);

select is(pg_get_function_arguments('core.rate_verdict'::regproc),
  'p_limits bigint[], p_windows ops.rate_window[], p_units bigint, p_tokens bigint, p_now bigint, OUT '
  'fits boolean, OUT room bigint, OUT place integer, OUT most bigint, OUT remaining bigint, OUT reset '
  'integer, OUT wait integer', 'arguments');
select is(pg_get_function_result('core.rate_verdict'::regproc), 'record', 'result');
select volatility_is('core', 'rate_verdict',
  array['bigint[]', 'ops.rate_window[]', 'bigint', 'bigint', 'bigint'], 'immutable');
select isnt_definer('core', 'rate_verdict', array['bigint[]', 'ops.rate_window[]', 'bigint', 'bigint', 'bigint']);
select function_owner_is('core', 'rate_verdict',
  array['bigint[]', 'ops.rate_window[]', 'bigint', 'bigint', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.rate_verdict'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.rate_verdict'::regproc;

-- The account has 10, 100 and 0 requests and 50 tokens; the key 0, 20, 0 and 40.
create temp table w as
select '{10,100,0,50,0,20,0,40}'::bigint[] as limits,
       array(select core.window_plus(core.window_at(null, (array[1, 60, 1440, 1440])[(n - 1) % 4 + 1], 864000), u)
               from unnest('{4,4,4,30,4,18,4,30}'::bigint[]) with ordinality as c (u, n)) as windows;
create function pg_temp.verdict(p_units bigint, p_tokens bigint) returns text language sql as $$
  select v::text from w, core.rate_verdict(w.limits, w.windows, p_units, p_tokens, 864000) v
$$;
select is(pg_temp.verdict(1, null), '(t,2,6,20,1,3720,0)',
  'it fits; the window with least left is told, and how much is left then');
select is(pg_temp.verdict(2, null), '(t,2,6,20,0,3720,0)', 'to the last unit');
select is(pg_temp.verdict(3, null), '(f,2,6,20,2,3720,3720)', 'one more does not: when it would');
select is(pg_temp.verdict(7, null), '(f,2,6,20,2,3720,3720)', 'of several that it does not fit, the one that has room last');
select is(pg_temp.verdict(0, null), '(t,2,6,20,2,3720,0)', 'nothing asked: how things stand');
select is(pg_temp.verdict(null, 10), '(t,,8,40,0,89280,0)', 'tokens have windows of their own');
select is(pg_temp.verdict(null, 11), '(f,,8,40,10,89280,89280)', 'which are full one day');
select is(pg_temp.verdict(3, 11), '(f,2,8,40,10,89280,89280)', 'both must fit');
select is(pg_temp.verdict(1, 10), '(t,2,8,40,0,89280,0)', 'and do');
select is(pg_temp.verdict(null, null), '(t,,,,,,0)', 'nothing is looked at');
select is(core.rate_verdict('{0,0,0,0}', w.windows[:4], 9, 9, 864000)::text, '(t,,,,,,0)', 'no limit, all fits') from w;
select is(core.rate_verdict('{2,0,0,0}', w.windows[:4], 1, null, 864000)::text, '(f,0,1,2,0,62,62)',
          'more used than a lowered limit allows') from w;
select is(core.rate_verdict('{}', '{}', 1, 1, 864000)::text, '(t,,,,,,0)', 'nobody is asked');

select * from finish();
rollback;
