-- http.record_usage: takes the calls a worker answered, and finds out whose they were.
begin;
select plan(18);

select is(pg_get_function_arguments('http.record_usage'::regproc),
  'p_tokens bytea[], p_users uuid[], p_methods text[], p_routes text[], p_statuses smallint[], p_caches text[], '
  'p_kinds integer[], p_ids uuid[], p_ats bigint[], p_durations integer[], p_request_ids text[]', 'arguments');
select is(pg_get_function_result('http.record_usage'::regproc), 'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp",enable_seqscan=off}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'http.record_usage'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_system,plinth_web}',
          'who may call it')
  from pg_proc p where p.oid = 'http.record_usage'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a6001', 'tap_usage_anna', 'tap_usage_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a6002', 'tap_usage_ben', 'tap_usage_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
values ('019e0000-0000-7000-8000-0000000a6001', sha256('a session'), sha256('tap_usage'), now() + interval '1 hour',
        now() + interval '1 day');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, previous_hash, previous_expires_at)
values ('019e0000-0000-7000-8000-0000000a6002', '019e0000-0000-7000-8000-0000000a6f02', 'x', 'plk_60020000', sha256('a key'),
        '{*}', sha256('its former secret'), now() + interval '1 hour');

create function pg_temp.id(p_n integer) returns uuid language sql as $$
  select overlay(base.first_id(now())::text placing lpad(p_n::text, 12, '0') from 25)::uuid
$$;

-- Nobody; a session, of which the layer does not know whose it is; a key; its former secret; a token that is gone.
create temp table batch as
select array[null, sha256('a session'), sha256('a key'), sha256('its former secret'), sha256('refreshed')] as tokens,
       array[null, null, '019e0000-0000-7000-8000-0000000a6002', null, '019e0000-0000-7000-8000-0000000a6001']::uuid[] as users,
       '{(none),GET,GET,GET,PATCH}'::text[] as methods,
       array['(none)', '/v1/me', '/v1/me', '/v1/users/{user_id}', '/v1/me'] as routes,
       '{404,200,200,304,422}'::smallint[] as statuses,
       array[null, 'hit', 'miss', 'bypass', null] as caches,
       '{1,2,3,4,5,2}'::integer[] as kinds,
       array(select pg_temp.id(n) from generate_series(1, 6) n) as ids,
       array(select floor(extract(epoch from now()) * 1000)::bigint from generate_series(1, 6)) as ats,
       '{10,1000,2000,3000,4000,5000}'::integer[] as durations,
       '{r-1,r-2,r-3,r-4,r-5,r-6}'::text[] as request_ids;
grant select on batch to plinth_web;

set local synchronous_commit = off;  -- as in the lane of the layer
set session authorization plinth_web;
select is(http.record_usage(b.tokens, b.users, b.methods, b.routes, b.statuses, b.caches, b.kinds, b.ids, b.ats,
                            b.durations, b.request_ids), 6, 'all are new') from batch b;
select is(http.record_usage(b.tokens, b.users, b.methods, b.routes, b.statuses, b.caches, b.kinds, b.ids, b.ats,
                            b.durations, b.request_ids), 0, 'the same batch once more is not') from batch b;
reset session authorization;
select is(current_setting('synchronous_commit'), 'on', 'what was answered outlives a crash');

select results_eq(
  $$ select right(u.user_id::text, 4), right(u.api_key_id::text, 4), u.method, u.route, u.status::integer, u.duration_us,
            u.request_id, u.cache from ops.api_usage u order by u.request_id $$,
  $$ values ('0000', null, '(none)', '(none)', 404, 10, 'r-1', null),
            ('6001', null, 'GET', '/v1/me', 200, 1000, 'r-2', 'hit'),
            ('6002', '6f02', 'GET', '/v1/me', 200, 2000, 'r-3', 'miss'),
            ('6002', '6f02', 'GET', '/v1/users/{user_id}', 304, 3000, 'r-4', 'bypass'),
            ('6001', null, 'PATCH', '/v1/me', 422, 4000, 'r-5', null),
            ('6001', null, 'GET', '/v1/me', 200, 5000, 'r-6', 'hit') $$,
  'each call is whose token it was; of one that is gone the layer''s word counts');
select is((select count(*) from ops.api_usage u where u.at = date_trunc('milliseconds', now())), 6::bigint, 'when it was');
select is((select count(*) from ops.api_usage u where u.model = '' and u.cost is null), 6::bigint, 'no model was used');
select results_eq(
  $$ select m.status_class::integer, m.calls from analytics.api_metrics m where m.user_id = '019e0000-0000-7000-8000-0000000a6001'
      order by 1 $$, $$ values (2, 2::bigint), (4, 1) $$, 'and counted');

-- A session that ended still tells whose call it was; an id belongs to whom it came from.
update auth.sessions set ended_at = now(), end_reason = 'tap' where user_id = '019e0000-0000-7000-8000-0000000a6001';
select is(http.record_usage(array[sha256('a session')], '{null}', '{GET}', '{/v1/me}', '{401}', '{null}', '{1}',
                            array[pg_temp.id(7)], '{1}', '{1}', '{r-7}'), 1, 'one more');
select is((select right(u.user_id::text, 4) from ops.api_usage u where u.request_id = 'r-7'), '6001', 'of the same session');

-- What is told of an account after its erasure, after the moment from which it can be erased, and just before that.
insert into auth.users (id, username, email, status, deleted_at)
select ('019e0000-0000-7000-8000-0000000a601' || n)::uuid, 'tap_usage_' || n, 'tap_usage_' || n || '@example.org',
       case n when 1 then 'erased' else 'deleted' end, now() - case n when 3 then interval '1 second' else interval '10 seconds' end
  from generate_series(1, 3) n;
do $$
begin
  perform http.record_usage(
    array_fill(null::bytea, '{3}'),
    array(select ('019e0000-0000-7000-8000-0000000a601' || n)::uuid from generate_series(1, 3) n), '{GET,GET,GET}',
    '{/v1/me,/v1/me,/v1/me}', '{200,200,200}', '{null,null,null}', '{1,2,3}',
    array(select pg_temp.id(n) from generate_series(11, 13) n), '{1,1,1}', '{1,1,1}', '{r-1,r-2,r-3}');
end $$;
select results_eq($$ select right(u.user_id::text, 4), u.request_id from ops.api_usage u
                      where u.user_id between '019e0000-0000-7000-8000-0000000a6011' and '019e0000-0000-7000-8000-0000000a6013'
                      order by 1 $$,
                  $$ values ('6011', null), ('6012', null), ('6013', 'r-3') $$,
                  'what an erasure may have passed by tells of no request');

select is(http.record_usage('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'), 0, 'nothing is nothing');
select is(http.record_usage(null, null, null, null, null, null, null, null, null, null, null), 0, 'NULL, too');
select throws_ok($$ select http.record_usage('{null}', '{null}', '{GET}', '{/}', '{200}', '{null}', '{1}',
                                             array[pg_temp.id(8)], '{}', '{1}', '{x}') $$, '23502', null,
                 'arrays of other lengths are refused');
set session authorization plinth_reader;
select throws_ok($$ select http.record_usage('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}') $$, '42501', null,
                 'a reader may not');
reset session authorization;

select * from finish();
rollback;
