-- http.take: grants what fits, for whoever a token belongs to.
begin;
select plan(39);

select is(pg_get_function_arguments('http.take'::regproc),
  'p_tokens bytea[], p_addresses text[], p_routes text[], p_units integer[], p_most integer[], p_back '
  'integer[], p_back_at bigint[], p_now bigint DEFAULT NULL::bigint', 'arguments');
select is(pg_get_function_result('http.take'::regproc), 'TABLE(granted_at bigint, answers text, limited_routes text)', 'result');
select volatility_is('http', 'take',
  array['bytea[]', 'text[]', 'text[]', 'integer[]', 'integer[]', 'integer[]', 'bigint[]', 'bigint'], 'volatile');
select is_definer('http', 'take',
  array['bytea[]', 'text[]', 'text[]', 'integer[]', 'integer[]', 'integer[]', 'bigint[]', 'bigint']);
select function_owner_is('http', 'take',
  array['bytea[]', 'text[]', 'text[]', 'integer[]', 'integer[]', 'integer[]', 'bigint[]', 'bigint'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",enable_seqscan=off}', 'search path') from pg_proc p
 where p.oid = 'http.take'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.take'::regproc;

\set anna 019e0000-0000-7000-8000-000000011a71
\set ben 019e0000-0000-7000-8000-000000011a72
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_take_anna', 'tap_take_anna@example.org', 'free'), (:'ben', 'tap_take_ben', 'tap_take_ben@example.org', 'pro');

\set key 019e0000-0000-7000-8000-000000011a7a
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, previous_hash, previous_expires_at, scopes, limits) values
  (:'anna', :'key', 'k', 'plk_0000', sha256('take key'), sha256('take old'), now() + interval '1 hour', '{*}',
    '{"requests_per_hour": 4}');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select s.id, sha256(s.token::bytea), sha256(s.token::bytea || 'r'), now() + s.lives, now() + s.lives
  from (values (:'anna'::uuid, 'take anna', interval '1 hour'), (:'ben', 'take ben', '1 hour'), (:'ben', 'take over',
    '0 hours')) s (id, token, lives);
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, ended_at, end_reason)
values (:'ben', sha256('take ended'), sha256('take ended r'), now() + interval '1 hour', now() + interval '1 hour', now(),
        'signed_out');
select set_config('plinth.limits', '10,1000,0,100', true);

-- One item; p_token is its text.
create function pg_temp.take(p_token text, p_units integer, p_now bigint default 1800000000, p_back integer default 0,
                             p_back_at bigint default 0, p_route text default '', p_most integer default 1,
                             p_address text default '192.0.2.77') returns text language sql as $$
  select t.answers from http.take(array[sha256(p_token::bytea)], array[p_address], array[p_route], array[p_units],
                                  array[p_most], array[p_back], array[p_back_at], p_now) t
$$;
create function pg_temp.used(p_subject text) returns bigint[] language sql as $$
  select array[(t.requests_minute).total, (t.requests_hour).total, (t.requests_day).total, (t.tokens_day).total]
    from ops.rate_limit_tracking t where t.subject = p_subject
$$;

set session authorization plinth_web;
select is(pg_temp.take('take anna', 3), '3 10 7 62 0 ', 'what is asked for, and what is left of the tightest');
select is(pg_temp.take('take key', 3), '3 4 1 3720 0 ', 'a key''s own limit, if it is tighter');
select is(pg_temp.take('take old', 3), '1 4 0 3720 3720 4 requests an hour of this API key',
          'less, if there is less; the same key under its former secret');
select is(pg_temp.take('take anna', 5), '3 10 0 62 62 10 requests a minute of your account', 'what a key used its owner did');
select is(pg_temp.take('take anna', 1), '0 10 0 62 62 10 requests a minute of your account', 'nothing');
select is(pg_temp.take('take anna', 1, 1800000061), '0 10 0 1 1 10 requests a minute of your account', 'for a minute');
select is(pg_temp.take('take anna', 1, 1800000062), '1 10 9 62 0 ', 'then again');
select is(pg_temp.take('take anna', 12, 1800000062, p_most => 5), '9 10 0 62 62 10 requests a minute of your account',
          'room for calls of more than one unit comes when all of it does');
select is(pg_temp.take('take nobody', 1), '1 100 99 62 0 ', 'an unknown token is its address');
select is(pg_temp.take('take over', 1), '1 100 98 62 0 ', 'so is one that is over');
select is(pg_temp.take('take ended', 1, p_address => '192.0.2.78'), '1 100 99 62 0 ', 'one that was ended');
select is((select t.answers from http.take(array[null, null]::bytea[], '{2001:db8::1,2001:db8::2}', array['', ''], '{1,1}', '{1,1}',
                                           '{0,0}', '{0,0}', 1800000000) t), E'1 100 99 62 0 \n1 100 98 62 0 ',
                                             'several at once, a line each');
select is(pg_temp.take('take ben', 1), '1 100 99 62 0 ', 'a higher tier');
select is((select split_part(t.answers, E'\n', 2)
             from http.take(array[sha256('take key'), sha256('take anna')], array_fill('192.0.2.77'::text, '{2}'), array['', ''],
                            '{1,1}', '{1,1}', '{0,0}', '{0,0}', 1800000200) t), '1 10 9 62 0 ',
          'a session has no part in the limits of a key that came before it');
reset session authorization;
delete from ops.rate_limit_tracking;
set session authorization plinth_web;
select is((select t.answers from http.take(array[sha256('take key'), sha256('take ben'), null],
                                           array_fill('192.0.2.77'::text, '{3}'),
                                           array_fill(''::text, '{3}'), '{1,1,1}', '{1,1,1}', '{0,0,0}', '{0,0,0}', 1800000000) t),
          E'1 4 3 3720 0 \n1 100 99 62 0 \n1 100 99 62 0 ', 'a key, a session and nobody at once: each by itself');
reset session authorization;
update auth.api_keys set previous_expires_at = now() where id = :'key';
set session authorization plinth_web;
select is(pg_temp.take('take old', 1), '1 100 98 62 0 ', 'a former secret that ran out is its address');
reset session authorization;
update auth.api_keys set expires_at = now() where id = :'key';
set session authorization plinth_web;
select is(pg_temp.take('take key', 1), '1 100 97 62 0 ', 'so is a key that ran out');
reset session authorization;

-- More than was asked for, and back.
insert into ops.user_quotas (user_id, requests_per_minute, requests_per_hour) values (:'ben', 0, 10000);
delete from ops.rate_limit_tracking;
set session authorization plinth_web;
select is(pg_temp.take('take ben', 1), '100 10000 9900 3720 0 ', 'a hundredth of what is left comes with it');
select set_config('plinth.limits', '1000,0,0,0', true);
select is(pg_temp.take('take nobody', 1), '1 10000 9999 62 0 ', 'but not with what anybody could make up: an unknown token');
select set_config('plinth.limits', '10,1000,0,100', true);
reset session authorization;
select is(pg_temp.used('user:' || :'ben'), '{NULL,100,NULL,NULL}', 'and is counted');
set session authorization plinth_web;
select is(pg_temp.take('take ben', 0, 1800000001, 99, 1800000000), '0 10000 9999 3719 0 ',
  'what is not used comes back, and nothing is granted');
select is(pg_temp.take('take ben', 0, 1800000001, 99, 1800000000), '0 10000 10000 0 0 ', 'not more than there was');
select is(pg_temp.take('take ben', 9990), '9990 10000 10 3720 0 ', 'near the limit it is to the unit');
select is(pg_temp.take('take ben', 11), '10 10000 0 3720 3720 10000 requests an hour of your account', 'to the last');
reset session authorization;

-- Routes, and no limits.
insert into ops.route_limits (route, requests_per_minute) values ('GET /v1/tap', 2);
delete from ops.rate_limit_tracking;
set session authorization plinth_web;
select is(pg_temp.take('take anna', 3, p_route => 'GET /v1/tap'), '2 2 0 62 62 2 requests a minute of GET /v1/tap',
  'a route''s own limit');
select ok('GET /v1/tap' = any (string_to_array(t.limited_routes, E'\n')), 'the layer learns which they are')
  from http.take('{}', '{}', '{}', '{}', '{}', '{}', '{}') t;
select set_config('plinth.limits', '0,0,0,0', true);
select is(pg_temp.take('take anna', 7), '7 0 0 0 0 ', 'without limits all passes');
reset session authorization;
select is(pg_temp.used('user:' || :'anna'), '{2,2,NULL,NULL}', 'and nothing is counted');
select is((select t.granted_at between extract(epoch from now())::bigint - 1 and extract(epoch from clock_timestamp())::bigint + 1
             from http.take('{}', '{}', '{}', '{}', '{}', '{}', '{}') t), true, 'by the clock');

-- A clock that went back locks nobody out.
select set_config('plinth.limits', '10,0,0,0', true);
set session authorization plinth_web;
select is(pg_temp.take('take anna', 8), '8 10 0 62 0 ', 'as many as there were left');
select is(pg_temp.take('take anna', 1, 1700000000), '0 10 0 62 62 10 requests a minute of your account',
  'a hundred million seconds earlier');
select is(pg_temp.take('take anna', 1, 1700000062), '1 10 9 62 0 ', 'a minute later by that clock');
reset session authorization;

select * from finish();
rollback;
