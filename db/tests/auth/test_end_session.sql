-- api.end_session: signs out, of this session or of one that is named; only of one's own.
begin;
select plan(26);

select is(pg_get_function_arguments('api.end_session'::regproc),
  'p_user_id uuid, p_session_id uuid DEFAULT NULL::uuid', 'arguments');
select is(pg_get_function_result('api.end_session'::regproc), 'void', 'result');
select volatility_is('api', 'end_session', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'end_session', array['uuid', 'uuid']);
select function_owner_is('api', 'end_session', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.end_session'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.end_session'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000a401', 'tap_end_anna', 'tap_end_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000a402', 'tap_end_ben', 'tap_end_ben@example.org');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select s.user_id::uuid, s.id::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day'
  from (values ('019e0000-0000-7000-8000-00000000a401', '019e0000-0000-7000-8000-0000000a4011', bytea 'tap end 1'),
               ('019e0000-0000-7000-8000-00000000a401', '019e0000-0000-7000-8000-0000000a4012', bytea 'tap end 2'),
               ('019e0000-0000-7000-8000-00000000a402', '019e0000-0000-7000-8000-0000000a4021', bytea 'tap end 3'),
               ('019e0000-0000-7000-8000-00000000a402', '019e0000-0000-7000-8000-0000000a4022', bytea 'tap end 4'))
    as s (user_id, id, token);
create temp view ended as
select right(s.id::text, 4) as id, s.end_reason from auth.sessions s
 where s.user_id in ('019e0000-0000-7000-8000-00000000a401', '019e0000-0000-7000-8000-00000000a402')
   and s.ended_at between now() and clock_timestamp() order by 1;

-- In a request of the first session.
set session authorization plinth_web;
select is(e.user_id, '019e0000-0000-7000-8000-00000000a401', 'the request is let in')
  from http.enter('user', null, sha256('tap end 1'), '') e;
select throws_ok(
  $$ select api.end_session('019e0000-0000-7000-8000-00000000a401', '019e0000-0000-7000-8000-0000000a4021') $$,
  'NF001', 'There is no such session', 'another user''s session is none');
select throws_ok(
  $$ select api.end_session('019e0000-0000-7000-8000-00000000a402', '019e0000-0000-7000-8000-0000000a4021') $$,
  'NP001', 'A request acts for its own caller only', 'nor can it be had in that user''s name');
select throws_ok($$ select api.end_session('019e0000-0000-7000-8000-00000000a401', gen_random_uuid()) $$,
  'NF001', 'There is no such session', 'there is no such session');
select lives_ok($$ select api.end_session('019e0000-0000-7000-8000-00000000a401') $$, 'the one of this request');
reset session authorization;
select results_eq('select * from ended', $$ values ('4011', 'signed out') $$, 'it and no other is ended');
select isnt_empty(
  $$ select from base.touched_tags t
      where t.xid = pg_current_xact_id() and t.tag = 'sessions:019e0000-0000-7000-8000-00000000a401' $$,
  'what was cached under it is void');
select results_eq(
  $$ select l.user_id, l.actor_id, l.entity_id from ops.audit_logs l
      where l.action = 'sign_out' and l.occurred_at >= now() $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000a401', uuid '019e0000-0000-7000-8000-00000000a401',
             '019e0000-0000-7000-8000-0000000a4011') $$, 'on record');
select throws_ok($$ select http.enter('user', null, sha256('tap end 1'), '') $$, 'UN001', null,
                 'its token is dead at once');

-- As an operator, for two users in one transaction.
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
update auth.sessions set ended_at = '2000-01-01', end_reason = 'before'
 where id = '019e0000-0000-7000-8000-0000000a4022';
set session authorization plinth_operator;
select lives_ok(
  $$ select api.end_session('019e0000-0000-7000-8000-00000000a401', '019e0000-0000-7000-8000-0000000a4012') $$,
  'of one user');
select lives_ok(
  $$ select api.end_session('019e0000-0000-7000-8000-00000000a402', '019e0000-0000-7000-8000-0000000a4021') $$,
  'of another');
select lives_ok(
  $$ select api.end_session('019e0000-0000-7000-8000-00000000a402', '019e0000-0000-7000-8000-0000000a4022') $$,
  'one that has ended already');
select throws_ok(
  $$ select api.end_session('019e0000-0000-7000-8000-00000000a401', '019e0000-0000-7000-8000-0000000a4021') $$,
  'NF001', 'There is no such session', 'in the wrong name it is none');
select throws_ok($$ select api.end_session('019e0000-0000-7000-8000-00000000a401') $$,
  'NF001', 'There is no such session', 'without a request there is none to leave out');
select throws_ok($$ select api.end_session(null, '019e0000-0000-7000-8000-0000000a4021') $$,
  'VL003', 'Name the user to act for', 'no user');
reset session authorization;
select results_eq('select e.id from ended e', $$ values ('4011'), ('4012'), ('4021') $$, 'those named are ended');
select results_eq(
  $$ select s.ended_at, s.end_reason from auth.sessions s where s.id = '019e0000-0000-7000-8000-0000000a4022' $$,
  $$ values (timestamptz '2000-01-01', 'before') $$, 'what ended before keeps its time and reason');

set session authorization plinth_web;
select throws_ok($$ select api.end_session('019e0000-0000-7000-8000-00000000a401') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.end_session('019e0000-0000-7000-8000-00000000a401') $$, '42501', null,
                 'a reader may not');
reset session authorization;

select * from finish();
rollback;
