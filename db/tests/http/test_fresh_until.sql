-- core.fresh_until: the earliest time at which the answer of this call changes by itself.
begin;
select plan(15);

select is(pg_get_function_arguments('core.fresh_until'::regproc), 'p_at timestamp with time zone', 'arguments');
select is(pg_get_function_result('core.fresh_until'::regproc), 'void', 'result');
select volatility_is('core', 'fresh_until', array['timestamp with time zone'], 'volatile');
select isnt_definer('core', 'fresh_until', array['timestamp with time zone']);
select function_owner_is('core', 'fresh_until', array['timestamp with time zone'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.fresh_until'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.fresh_until'::regproc;

create function pg_temp.told() returns timestamptz language sql as $$
  select to_timestamp(nullif(current_setting('plinth.fresh_until', true), '')::float8)
$$;
select core.fresh_until(null);
select is(pg_temp.told(), null, 'no time says nothing');
select core.fresh_until('infinity');
select core.fresh_until('-infinity');
select is(pg_temp.told(), null, 'nor does one that never comes');
select core.fresh_until('2030-01-02 03:04:05.678901+00');
select is(pg_temp.told(), '2030-01-02 03:04:05.678901+00', 'a time, exactly');
select core.fresh_until('2030-01-02 03:04:06+00');
select is(pg_temp.told(), '2030-01-02 03:04:05.678901+00', 'a later one changes nothing');
select core.fresh_until('2029-01-01 00:00+00');
select is(pg_temp.told(), '2029-01-01 00:00+00', 'an earlier one counts');
select core.fresh_until(null);
select is(pg_temp.told(), '2029-01-01 00:00+00', 'and stays');
select set_config('plinth.fresh_until', '', true);

set transaction read only;
select lives_ok('select core.fresh_until(now())', 'what only reads may say it');
set session authorization plinth_web;
select throws_ok('select core.fresh_until(now())', '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
