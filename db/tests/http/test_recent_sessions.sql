-- http.recent_sessions: the sessions used last, to operators and nobody else.
begin;
select plan(12);

select is(pg_get_function_arguments('http.recent_sessions'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('http.recent_sessions'::regproc), 'TABLE(user_id uuid, token_hash bytea)', 'result');
select volatility_is('http', 'recent_sessions', array['integer'], 'stable');
select isnt_definer('http', 'recent_sessions', array['integer']);
select function_owner_is('http', 'recent_sessions', array['integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.recent_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'http.recent_sessions'::regproc;

delete from auth.sessions;
insert into auth.sessions
  (user_id, token_hash, refresh_hash, last_seen_at, expires_at, refresh_expires_at, ended_at, end_reason)
select u.id, sha256(s.name::bytea), sha256(('r' || s.name)::bytea), now() - s.seen, now() + s.lives, now() + interval '1 d',
       s.ended, case when s.ended is not null then 'signed_out' end
  from auth.users u,
       (values ('late', interval '1 h', interval '1 h', null), ('now', '0', '1 h', null), ('over', '0', '0 s', null),
               ('ended', '0', '1 h', now())) s (name, seen, lives, ended)
 where u.username = 'alice';
set session authorization plinth_operator;
select results_eq('select s.token_hash from http.recent_sessions(5) s', array[sha256('now'), sha256('late')],
                  'those that live, last used first');
select results_eq('select s.token_hash from http.recent_sessions(1) s', array[sha256('now')], 'so many');
select is_empty('select * from http.recent_sessions(0)', 'none');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select http.recent_sessions(1)', '42501', null, 'the layer learns no digest this way');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.recent_sessions(1)', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
