-- api.get_user_statistics: counts that add up.
begin;
select plan(17);

select is(pg_get_function_arguments('api.get_user_statistics'::regproc),
  '', 'arguments');
select is(pg_get_function_result('api.get_user_statistics'::regproc),
  'TABLE(total bigint, by_status jsonb, by_tier jsonb, by_role jsonb, verified bigint, with_two_factor bigint, '
  'active_day bigint, active_week bigint, active_month bigint, new_per_day jsonb)', 'result');
select volatility_is('api', 'get_user_statistics', '{}'::text[], 'stable');
select is_definer('api', 'get_user_statistics', '{}'::text[]);
select function_owner_is('api', 'get_user_statistics', '{}'::text[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_user_statistics'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_user_statistics'::regproc;

create temp table before as select * from api.get_user_statistics();
insert into auth.users (username, email, status, tier, email_verified, two_factor_enabled, last_login_at, created_at)
select 'tap_count_' || c.name, format('tap_count_%s@example.org', c.name), c.status, c.tier, c.verified, c.factor,
       now() - c.login, now() - c.age
  from (values ('one', 'active', 'free', true, true, interval '1 h', interval '0'),
               ('two', 'active', 'pro', true, false, '3 days', '1 day'),
               ('three', 'suspended', 'pro', false, false, '20 days', '40 days'),
               ('four', 'active', 'free', false, false, null, '0'),
               ('gone', 'erased', 'free', false, false, null, '0')) as c (name, status, tier, verified, factor, login, age);
insert into auth.user_roles (user_id, role) select u.id, 'readonly' from auth.users u where u.username in ('tap_count_one',
          'tap_count_two');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, last_seen_at)
select u.id, sha256(u.username::bytea), sha256(u.email::bytea), now(), now(), now() - interval '2 h'
  from auth.users u where u.username in ('tap_count_two', 'tap_count_one');

create function pg_temp.more(p_kind text, p_key text) returns bigint language sql as $$
  select coalesce((to_jsonb(a) -> p_kind ->> p_key)::bigint, 0) - coalesce((to_jsonb(b) -> p_kind ->> p_key)::bigint, 0)
    from api.get_user_statistics() a, before b
$$;
select results_eq(
  $$ select a.total - b.total, a.verified - b.verified, a.with_two_factor - b.with_two_factor, a.active_day - b.active_day,
            a.active_week - b.active_week, a.active_month - b.active_month from api.get_user_statistics() a, before b $$,
  $$ values (4::bigint, 2::bigint, 1::bigint, 2::bigint, 2::bigint, 3::bigint) $$, 'all, verified, with a second factor, active');
select is(array[pg_temp.more('by_status', 'active'), pg_temp.more('by_status', 'suspended'), pg_temp.more('by_status', 'erased')],
          '{3,1,1}', 'by status');
select is(array[pg_temp.more('by_tier', 'free'), pg_temp.more('by_tier', 'pro')], '{2,2}', 'by tier, without the erased');
select is(pg_temp.more('by_role', 'readonly'), 2::bigint, 'by role');
select is(jsonb_array_length(s.new_per_day), 30, '30 days') from api.get_user_statistics() s;
select is((a.new_per_day -> -1 ->> 'count')::integer - (b.new_per_day -> -1 ->> 'count')::integer, 2, 'two are new today')
  from api.get_user_statistics() a, before b;
select is((a.new_per_day -> -2 ->> 'count')::integer - (b.new_per_day -> -2 ->> 'count')::integer, 1, 'one yesterday')
  from api.get_user_statistics() a, before b;
select is(s.new_per_day -> -1 ->> 'day', to_char(now() at time zone 'UTC', 'YYYY-MM-DD'), 'today is the last')
  from api.get_user_statistics() s;
set session authorization plinth_web;
select throws_ok('select api.get_user_statistics()', 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
select throws_ok('select api.get_user_statistics()', 'NP001', null, 'permission missing');
reset session authorization;

select * from finish();
rollback;
