-- core.cleanup_usage: what is left of days whose calls were dropped goes, too; what counts by the day stays.
begin;
select plan(15);

select is(pg_get_function_arguments('core.cleanup_usage'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_usage'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.cleanup_usage'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
  'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_usage'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
delete from ops.usage_events;
delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7a01', 'tap_ua_anna', 'tap_ua_anna@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7a01'::uuid $$;

update ops.partitioned_tables t set dropped_before = null;
create function pg_temp.id_at(p_at timestamptz) returns uuid language sql as $$
  select overlay(base.new_id()::text placing left(base.first_id(p_at)::text, 13) from 1)::uuid
$$;

select core.add_usage(array(
  select row(pg_temp.anna(),
             pg_temp.id_at(t.at), t.at, null, 'GET', '/v1/me', 200,
             1, 'tap', null, '', null, null, null)::ops.api_usage
    from unnest('{500,399,100,92,80,1}'::integer[]) d cross join lateral (select now() - d * interval '1 day') t (at)));
insert into ops.usage_events (user_id, event_id, usage_id)
select u.user_id, u.id::text, u.id from ops.api_usage u;

select is(core.cleanup_usage(1000), 0, 'before anything was dropped nothing goes');
select is((select count(*) from ops.api_usage_default), 5::bigint, 'what is older than all partitions is in the default one');
select ops.drop_partitions();
select is(core.cleanup_usage(2), 2, 'so many at once');
select is(core.cleanup_usage(1000), 2, 'then the rest');
select is((select count(*) from ops.api_usage), 2::bigint, 'calls for 90 days');
select is((select count(*) from ops.usage_events), 2::bigint, 'reports as long');
select is((select count(*) from analytics.daily_users), 2::bigint, 'who was active as long');
select is((select count(*) from analytics.api_metrics), 5::bigint, 'hours for 400 days');
select is((select count(*) from analytics.daily_stats), 6::bigint, 'days for ever');

select base.set_setting('usage.keep_metric_days', '40');
select core.cleanup_usage(1000);
select is((select count(*) from analytics.api_metrics), 2::bigint, 'hours never go before the calls they count');

-- The first of what is kept.
select core.add_usage(array[row(pg_temp.anna(), base.first_id(t.dropped_before), t.dropped_before, null, 'GET', '/v1/me', 200, 1,
                                'tap', null, '', null, null, null)::ops.api_usage])
  from ops.partitioned_tables t where t.name = 'ops.api_usage';
insert into ops.usage_events (user_id, event_id, usage_id)
select pg_temp.anna(), 'first', base.first_id(t.dropped_before) from ops.partitioned_tables t where t.name = 'ops.api_usage';
select is(core.cleanup_usage(1000), 0, 'nothing of the first day goes: call, report, hour, user');

select * from finish();
rollback;
