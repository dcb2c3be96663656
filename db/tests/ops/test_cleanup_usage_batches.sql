-- core.cleanup_usage_batches: forgets batches that were told a day ago, so many at a time.
begin;
select plan(8);

select is(pg_get_function_arguments('core.cleanup_usage_batches'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_usage_batches'::regproc), 'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.cleanup_usage_batches'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_usage_batches'::regproc;

delete from ops.usage_batches;
insert into ops.usage_batches
select base.first_id(now() - make_interval(hours => h)) from unnest('{1,23,25,26,27}'::integer[]) h;
select is(core.cleanup_usage_batches(2), 2, 'so many at a time');
select is(core.cleanup_usage_batches(2), 1, 'until none is left');
select is((select count(*) from ops.usage_batches), 2::bigint, 'of those a day old');

set session authorization plinth_web;
select throws_ok('select core.cleanup_usage_batches(1)', '42501', null, 'the layer''s login may not');
reset session authorization;

select * from finish();
rollback;
