-- api.list_api_usage: the callers single calls, newest first.
begin;
select plan(17);

select is(pg_get_function_arguments('api.list_api_usage'::regproc),
  'p_user_id uuid, p_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_to timestamp with time zone DEFAULT NULL::timestamp with time zone, p_after text DEFAULT NULL::text, '
  'p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_api_usage'::regproc),
  'TABLE(id uuid, at timestamp with time zone, method text, route text, status smallint, duration_ms numeric, '
  'request_id text, cache text, api_key_id uuid, model text, tokens_in bigint, tokens_out bigint, cost numeric, '
  'cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_api_usage'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_api_usage'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
delete from ops.usage_events;
delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7801', 'tap_u8_anna', 'tap_u8_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a7802', 'tap_u8_ben', 'tap_u8_ben@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7801'::uuid $$;
create function pg_temp.ben() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7802'::uuid $$;

create function pg_temp.id_at(p_at timestamptz) returns uuid language sql as $$
  select overlay(base.new_id()::text placing left(base.first_id(p_at)::text, 13) from 1)::uuid
$$;

select core.add_usage(array(
  select row(u.id::uuid, pg_temp.id_at(t.at), t.at, null, 'GET',
             '/v1/me', 200, 1234, 'r-' || d, 'hit', '', null, null, null)::ops.api_usage
    from (values (pg_temp.anna()), (pg_temp.ben())) u (id)
   cross join generate_series(0, 9) d cross join lateral (select now() - d * interval '1 day') t (at)));
select set_config('plinth.caller', pg_temp.anna()::text, true);
create function pg_temp.list(p_more text default '') returns setof text language plpgsql as $$
begin
  return query execute format('select l.request_id from list_api_usage(%L %s) l', pg_temp.anna(), p_more);
end
$$;

select results_eq($$ select pg_temp.list() $$, array['r-0', 'r-1', 'r-2', 'r-3', 'r-4', 'r-5', 'r-6', 'r-7'],
                  'seven days, newest first, the caller''s alone');
select results_eq($$ select l.method, l.route, l.status::integer, l.duration_ms, l.cache, l.model, l.at
                       from list_api_usage(pg_temp.anna(), p_limit => 1) l $$,
                  $$ values ('GET', '/v1/me', 200, 1.234, 'hit', null, now()) $$, 'each with its figures');
select results_eq($$ select pg_temp.list(', now() - interval ''9 days'', now() - interval ''7 days''') $$, array['r-8', 'r-9'],
                  'from is in it, to is not');
select is((select count(*) from pg_temp.list(', ''-infinity'', ''infinity''')), 10::bigint, 'all there are');
select is_empty($$ select pg_temp.list(', ''infinity''') $$, 'none is ahead');
select results_eq(
  $$ select m.request_id from (select l.cursor from list_api_usage(pg_temp.anna(), p_limit => 3) l) c,
            lateral list_api_usage(pg_temp.anna(), p_after => c.cursor, p_limit => 1) m $$,
  array['r-1', 'r-2', 'r-3'], 'page by page');
select throws_ok($$ select list_api_usage(pg_temp.anna(), p_after => 'x') $$, 'VL001',
                 'after must be the "next" of an earlier answer', 'after is one of its places');
select throws_ok($$ select list_api_usage(pg_temp.ben()) $$, 'NP001',
                 'A request acts for its own caller only', 'another user''s are not told');

-- The key answers it, in each day that is asked for, and the others are not looked at.
create temp table plan (line text);
do $$
declare
  v_line text;
begin
  for v_line in explain select u.id from ops.api_usage u
                 where u.user_id = pg_temp.anna() and u.id >= base.first_id(now() - interval '2 days')
                   and u.id < base.first_id(now() + interval '1 day')
                 order by u.id desc limit 50
  loop
    insert into plan values (v_line);
  end loop;
end
$$;
select is_empty($$ select p.line from plan p where p.line ~ 'Seq Scan' $$, 'no day is read through');
select is((select count(*) from plan p where p.line ~ 'Index (Only )?Scan'), 4::bigint, 'three days, and today''s tomorrow');
select set_config('plinth.caller', '', true);

set session authorization plinth_operator;
select is((select count(*) from list_api_usage(pg_temp.ben())), 8::bigint, 'an operator names anybody');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select list_api_usage(pg_temp.anna()) $$, 'UN001', 'Nobody is signed in', 'nobody');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select list_api_usage(pg_temp.anna()) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
