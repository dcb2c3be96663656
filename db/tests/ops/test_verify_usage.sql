-- api.verify_usage: the rows of the rollups that a recount contradicts.
begin;
select plan(18);

select is(pg_get_function_arguments('api.verify_usage'::regproc),
  'p_from date DEFAULT NULL::date, p_to date DEFAULT NULL::date, p_after text DEFAULT NULL::text, '
  'p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.verify_usage'::regproc),
  'TABLE(rollup text, key text, kept jsonb, counted jsonb, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.verify_usage'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.verify_usage'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
delete from ops.usage_events;
delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7901', 'tap_u9_anna', 'tap_u9_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a7902', 'tap_u9_ben', 'tap_u9_ben@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7901'::uuid $$;
create function pg_temp.ben() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7902'::uuid $$;

create function pg_temp.id_at(p_at timestamptz) returns uuid language sql as $$
  select overlay(base.new_id()::text placing left(base.first_id(p_at)::text, 13) from 1)::uuid
$$;

-- Two days of calls of anna: by the hour, with errors; a model; and calls of ben and of nobody.
select core.add_usage(array(
  select row(u.id::uuid, pg_temp.id_at(t.at), t.at, null, u.method, u.route,
             u.status, u.us, 'tap', null, u.model, u.tokens, u.tokens * 2, u.cost)::ops.api_usage
    from (values (pg_temp.anna(), 'GET', '/v1/me', 200::smallint, 2000, '', null::bigint, null::numeric),
                 (pg_temp.anna(), 'GET', '/v1/me', 404, 500, '', null, null),
                 (pg_temp.anna(), 'POST', '/v1/a', 503, 40000, '', null, null),
                 (pg_temp.anna(), 'POST', '/v1/usage', null, null, 'gpt', 10, 0.25),
                 (pg_temp.ben(), 'GET', '/v1/me', 200, 9000, '', null, null),
                 ('00000000-0000-0000-0000-000000000000', '(none)', '(none)', 404, 100, '', null, null))
           u (id, method, route, status, us, model, tokens, cost)
   cross join generate_series(date_trunc('day', now(), 'UTC') - interval '1 day', date_trunc('day', now(),
     'UTC') + interval '23 hours',
                              interval '1 hour') t (at)));

insert into auth.user_roles (user_id, role) values (pg_temp.anna(), 'administrator'),
                                                   (pg_temp.ben(), 'developer');
select set_config('plinth.caller', pg_temp.anna()::text, true);
select is((select count(*) from analytics.api_metrics), 288::bigint, 'there is something to recount');
select is_empty($$ select * from verify_usage() $$, 'nothing disagrees');
select is_empty($$ select * from verify_usage((now() at time zone 'UTC')::date, (now() at time zone 'UTC')::date) $$,
  'nor in a day');

-- Written past core.add_usage.
update analytics.api_metrics m set durations[3] = 7
 where m.user_id = pg_temp.anna() and m.status_class = 4 and m.hour = date_trunc('day', now(), 'UTC');
select results_eq($$ select v.rollup, v.kept -> 'durations' ->> 2, v.counted -> 'durations' ->> 2 from verify_usage() v $$,
  $$ values ('analytics.api_metrics', '7', '0') $$, 'a figure that was changed');
delete from ops.api_usage u where u.status = 503 and u.at = date_trunc('day', now(), 'UTC') - interval '1 hour';
select results_eq($$ select v.rollup, v.counted is null from verify_usage() v order by 1, 2 $$,
  $$ values ('analytics.api_metrics', false), ('analytics.api_metrics', true), ('analytics.daily_stats', false) $$,
  'a call that was removed, in hour and day');
select is((select v.kept ->> 'calls' || ' ' || (v.counted ->> 'calls') from verify_usage() v where v.rollup ~ 'daily'), '120 119',
          'with what it says and what it should');
select is((select count(*) from verify_usage(p_to => (now() at time zone 'UTC')::date - 1)), 2::bigint, 'days can be named');
select is((select count(*) from verify_usage(p_from => (now() at time zone 'UTC')::date)), 1::bigint, 'from one on');
select results_eq(
  $$ select m.rollup, m.key from (select v.cursor
    from verify_usage(p_limit => 2) v) c, lateral verify_usage(p_after => c.cursor, p_limit => 1) m $$,
  $$ select v.rollup, v.key from verify_usage() v offset 1 $$, 'page by page');
delete from analytics.daily_stats s where s.day = (now() at time zone 'UTC')::date;
select is((select v.kept
  from verify_usage(p_from => (now() at time zone 'UTC')::date) v where v.rollup ~ 'daily'), null, 'a row that is missing');

-- What was dropped cannot be recounted.
update ops.partitioned_tables t set dropped_before = date_trunc('day', now(),
  'UTC') + interval '1 day' where t.name = 'ops.api_usage';
select is_empty($$ select * from verify_usage() $$, 'days whose calls are dropped are left out');

select set_config('plinth.caller', pg_temp.ben()::text, true);
select throws_ok($$ select verify_usage() $$, 'NP001', 'This needs the permission usage:read', 'the permission is missing');
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok($$ select verify_usage() $$, 'UN001', 'Nobody is signed in', 'nobody');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select verify_usage() $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
