-- api.end_other_sessions: signs out everywhere but here.
begin;
select plan(17);

select is(pg_get_function_arguments('api.end_other_sessions'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.end_other_sessions'::regproc), 'TABLE(ended integer)', 'result');
select volatility_is('api', 'end_other_sessions', array['uuid'], 'volatile');
select is_definer('api', 'end_other_sessions', array['uuid']);
select function_owner_is('api', 'end_other_sessions', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.end_other_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.end_other_sessions'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ee01', 'tap_end_other_anna', 'tap_end_other_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000ee02', 'tap_end_other_ben', 'tap_end_other_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day'
  from (values ('ee01', bytea 'tap other 1'), ('ee01', 'tap other 2'), ('ee01', 'tap other 3'), ('ee02', 'tap other 4'))
    as s (user_id, token);
create temp view live as
  select array_agg(right(convert_from(t.token, 'UTF8'), 1) order by t.token) as names
    from (values (bytea 'tap other 1'), ('tap other 2'), ('tap other 3'), ('tap other 4')) as t (token)
    join auth.sessions s on s.token_hash = sha256(t.token) and s.ended_at is null;

set session authorization plinth_web;
select throws_ok($$ select api.end_other_sessions('019e0000-0000-7000-8000-00000000ee01') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000ee01', 'in a request of the second')
  from http.enter('session', null, sha256('tap other 2'), '') e;
select throws_ok($$ select api.end_other_sessions('019e0000-0000-7000-8000-00000000ee02') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
select is(r.ended, 2, 'all but this one') from api.end_other_sessions('019e0000-0000-7000-8000-00000000ee01') r;
select is(r.ended, 0, 'again: nothing is left') from api.end_other_sessions('019e0000-0000-7000-8000-00000000ee01') r;
reset session authorization;
select is(l.names, '{2,4}', 'this one and another user''s live') from live l;

select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select is(r.ended, 1, 'an operator has no session: all end') from api.end_other_sessions('019e0000-0000-7000-8000-00000000ee01') r;
select throws_ok($$ select api.end_other_sessions(null) $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;
select is(l.names, '{4}', 'of that user only') from live l;

set session authorization plinth_reader;
select throws_ok($$ select api.end_other_sessions('019e0000-0000-7000-8000-00000000ee01') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
