-- api.cleanup_expired_sessions: removes dead sessions, for operators.
begin;
select plan(14);

select is(pg_get_function_arguments('api.cleanup_expired_sessions'::regproc),
  'p_limit integer DEFAULT 1000', 'arguments');
select is(pg_get_function_result('api.cleanup_expired_sessions'::regproc), 'integer', 'result');
select volatility_is('api', 'cleanup_expired_sessions', array['integer'], 'volatile');
select is_definer('api', 'cleanup_expired_sessions', array['integer']);
select function_owner_is('api', 'cleanup_expired_sessions', array['integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.cleanup_expired_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'api.cleanup_expired_sessions'::regproc;

delete from auth.sessions s where s.ended_at is not null or s.refresh_expires_at <= now();
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ef51', 'tap_cleanup_anna', 'tap_cleanup_anna' || '@example.org');
insert into auth.sessions
  (user_id, token_hash, refresh_hash, created_at, expires_at, refresh_expires_at, ended_at, end_reason)
select '019e0000-0000-7000-8000-00000000ef51', sha256(s.name::bytea || 'tap_cleanup_anna'),
       sha256(s.name::bytea || 'tap_cleanup_anna' || 'r'), now() - interval '1 day',
       now() + s.token, now() + s.refresh,
       case when s.ended then now() end, case when s.ended then 'of this test' end
  from (values ('live',    interval '1 h',  interval '1 d',  false),
               ('asleep',  interval '-1 h', interval '1 d',  false),
               ('waning',  interval '1 h',  interval '-1 d', false),
               ('ended',   interval '1 h',  interval '1 d',  true),
               ('run out', interval '-1 h', interval '-1 h', false)) as s (name, token, refresh, ended);
create function pg_temp.left_over() returns text[] language sql volatile as $f$
  select array_agg(n.name order by n.name)
    from (values ('live'), ('asleep'), ('waning'), ('ended'), ('run out')) as n (name)
    join auth.sessions s on s.token_hash = sha256(n.name::bytea || 'tap_cleanup_anna')
$f$;

set session authorization plinth_operator;
select is(api.cleanup_expired_sessions(), 2, 'how many there were');
select is(api.cleanup_expired_sessions(100000), 0, 'none is left');
select throws_ok($$ select api.cleanup_expired_sessions(0) $$, 'VL001', 'limit must be from 1 to 100,000', 'no batch');
select throws_ok($$ select api.cleanup_expired_sessions(100001) $$, 'VL001', 'limit must be from 1 to 100,000', 'too large a one');
select throws_ok($$ select api.cleanup_expired_sessions(null) $$, 'VL001', 'limit must be from 1 to 100,000', 'no limit');
reset session authorization;
select is(pg_temp.left_over(), '{asleep,live,waning}', 'what lives stays');

set session authorization plinth_web;
select throws_ok($$ select api.cleanup_expired_sessions() $$, '42501', null, 'not the layer');
reset session authorization;

select * from finish();
rollback;
