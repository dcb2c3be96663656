-- api.end_all_sessions: signs out everywhere, here too.
begin;
select plan(16);

select is(pg_get_function_arguments('api.end_all_sessions'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.end_all_sessions'::regproc), 'TABLE(ended integer)', 'result');
select volatility_is('api', 'end_all_sessions', array['uuid'], 'volatile');
select is_definer('api', 'end_all_sessions', array['uuid']);
select function_owner_is('api', 'end_all_sessions', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.end_all_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.end_all_sessions'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ee51', 'tap_end_all_anna', 'tap_end_all_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000ee52', 'tap_end_all_ben', 'tap_end_all_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day'
  from (values ('ee51', bytea 'tap all 1'), ('ee51', 'tap all 2'), ('ee51', 'tap all 3'), ('ee52', 'tap all 4'))
    as s (user_id, token);
create temp view live as
  select array_agg(right(convert_from(t.token, 'UTF8'), 1) order by t.token) as names
    from (values (bytea 'tap all 1'), ('tap all 2'), ('tap all 3'), ('tap all 4')) as t (token)
    join auth.sessions s on s.token_hash = sha256(t.token) and s.ended_at is null;

set session authorization plinth_web;
select throws_ok($$ select api.end_all_sessions('019e0000-0000-7000-8000-00000000ee51') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000ee51', 'in a request of the second')
  from http.enter('session', null, sha256('tap all 2'), '') e;
select throws_ok($$ select api.end_all_sessions('019e0000-0000-7000-8000-00000000ee52') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
select is(r.ended, 3, 'all of them') from api.end_all_sessions('019e0000-0000-7000-8000-00000000ee51') r;
select throws_ok($$ select http.enter('user', null, sha256('tap all 2'), '') $$, 'UN001', null, 'this one, too');
reset session authorization;
select is(l.names, '{4}', 'not another user''s') from live l;

select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select is(r.ended, 1, 'an operator, for whom it names') from api.end_all_sessions('019e0000-0000-7000-8000-00000000ee52') r;
select throws_ok($$ select api.end_all_sessions(null) $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.end_all_sessions('019e0000-0000-7000-8000-00000000ee51') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
