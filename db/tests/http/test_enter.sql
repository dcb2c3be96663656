-- http.enter: finds whose token it is and fixes that user as the caller of this transaction.
begin;
select plan(64);

select is(pg_get_function_arguments('http.enter'::regproc),
  'p_auth text, p_permission text, p_token bytea, p_context text, p_scope text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('http.enter'::regproc),
  'TABLE(proceed boolean, user_id uuid, expires_in integer)', 'result');
select volatility_is('http', 'enter', array['text', 'text', 'bytea', 'text', 'text'], 'volatile');
select is_definer('http', 'enter', array['text', 'text', 'bytea', 'text', 'text']);
select function_owner_is('http', 'enter', array['text', 'text', 'bytea', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",enable_seqscan=off}', 'search path') from pg_proc p
 where p.oid = 'http.enter'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.enter'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000d001', 'tap_enter_anna', 'tap_enter_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000d002', 'tap_enter_ben', 'tap_enter_ben@example.org'),
  ('019e0000-0000-7000-8000-00000000d003', 'tap_enter_carl', 'tap_enter_carl@example.org');
insert into auth.permissions values ('tap:paint', 'planted'), ('tap:wash', 'planted');
insert into auth.roles (name, description, permissions) values ('tap_painter', 'of this test', '["tap:paint", "tap:wash"]');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000d001', 'tap_painter'), ('019e0000-0000-7000-8000-00000000d002', 'administrator');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at, ended_at, end_reason)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, ('019e0000-0000-7000-8000-00000000' || s.id)::uuid,
       sha256(s.id::bytea), sha256(s.id::bytea || 'r'), now() + s.rest, now() + interval '1 day',
       case when s.ended then now() end, case when s.ended then 'of this test' end
  from (values ('d001', 'd011', interval '90 s', false), ('d001', 'd012', interval '0', false),
               ('d001', 'd013', interval '90 s', true),  ('d002', 'd021', interval '1 h', false),
               ('d002', 'd022', interval '1.9 s', false),
               ('d003', 'd031', interval '1 h', false)) as s (user_id, id, rest, ended);

create function pg_temp.caller() returns text language sql volatile as $$ select current_setting('plinth.caller', true) $$;

set session authorization plinth_web;
select results_eq($$ select * from http.enter('user', null, sha256('d011'), E'req-1\x1f192.0.2.7\x1fcurl/8') $$,
  $$ values (true, uuid '019e0000-0000-7000-8000-00000000d001', 90) $$,
  'whose token it is, and how long it still works');
select is(pg_temp.caller(), '019e0000-0000-7000-8000-00000000d001', 'that user is the caller');
select is(current_setting('plinth.context'),
          E'019e0000-0000-7000-8000-00000000d011\x1freq-1\x1f192.0.2.7\x1fcurl/8',
          'the session, and what the layer knows');

select is((select e.expires_in from http.enter('user', null, sha256('d022'), '') e), 1, 'never a second too long');

select throws_ok($$ select http.enter('user', null, sha256('nobody'), '') $$,
  'UN001', 'The token is unknown, expired or ended; sign in again', 'an unknown token');
select throws_ok($$ select http.enter('user', null, sha256('d012'), '') $$,
  'UN001', 'The token is unknown, expired or ended; sign in again', 'one that has expired');
select throws_ok($$ select http.enter('user', null, sha256('d013'), '') $$,
  'UN001', 'The token is unknown, expired or ended; sign in again', 'one that was ended');
select throws_ok($$ select http.enter('user', null, sha256('d011r'), '') $$, 'UN001', null, 'a refresh token is none');
select throws_ok($$ select http.enter('user', null, null, '') $$, 'UN001', null, 'no token');
select throws_ok($$ select http.enter('user', null, '', '') $$, 'UN001', null, 'an empty one');

-- Another request in the same transaction, as a pipeline or a test has it.
select is(e.user_id, '019e0000-0000-7000-8000-00000000d002', 'the next token') from http.enter('user', null, sha256('d021'), '') e;
select is(pg_temp.caller(), '019e0000-0000-7000-8000-00000000d002', 'is the next caller');
select results_eq($$ select * from http.enter('none', null, sha256('d011'), 'req-2') $$,
                  $$ values (true, null::uuid, null::integer) $$, 'where anyone may call, no token is looked at');
select is(pg_temp.caller(), '', 'and nobody is the caller, whoever was before');
select is(current_setting('plinth.context'), E'\x1freq-2', 'what the layer knows is known');
select results_eq($$ select * from http.enter('none', null, null, null) $$, $$ values (true, null::uuid, null::integer) $$,
                  'nothing is needed');

-- Credentials ask for more: a session, or one whose holder has just shown who it is.
select is(e.user_id, '019e0000-0000-7000-8000-00000000d001', 'a session is one')
  from http.enter('session', null, sha256('d011'), '') e;
select throws_ok($$ select http.enter('session', null, sha256('d012'), '') $$, 'UN001', null, 'an expired one is none');
select throws_ok($$ select http.enter('step_up', null, sha256('d011'), '') $$,
  'UN003', 'Confirm that it is you: POST /v1/sessions/current/step-up', 'never stepped up');
reset session authorization;
update auth.sessions s set stepped_up_at = now() - case s.token_hash when sha256('d021') then interval '10 min'
                                                                     else interval '9 min 59 s' end
 where s.token_hash in (sha256('d011'), sha256('d013'), sha256('d021'));
set session authorization plinth_web;
select is(e.user_id, '019e0000-0000-7000-8000-00000000d001', 'not ten minutes ago')
  from http.enter('step_up', null, sha256('d011'), '') e;
select throws_ok($$ select http.enter('step_up', null, sha256('d021'), '') $$, 'UN003', null, 'longer ago');
select throws_ok($$ select http.enter('step_up', null, sha256('d013'), '') $$, 'UN001', null, 'but ended since');

-- Permissions.
select lives_ok($$ select http.enter('user', 'tap:wash', sha256('d011'), '') $$, 'a permission one of the roles has');
select throws_ok($$ select http.enter('user', 'tap:burn', sha256('d011'), '') $$,
                 'NP001', 'This needs the permission tap:burn', 'one that none has');
select throws_ok($$ select http.enter('user', 'tap', sha256('d011'), '') $$, 'NP001', null,
                 'a part of a name is no name');
select throws_ok($$ select http.enter('user', 'tap:paint', sha256('d031'), '') $$, 'NP001', null,
                 'nor another user''s');
select lives_ok($$ select http.enter('user', 'tap:burn', sha256('d021'), '') $$, 'administrators have every one');
select throws_ok($$ select http.enter('user', 'tap:paint', sha256('nobody'), '') $$, 'UN001', null,
                 'nobody: sign in first');
reset session authorization;

-- API keys.
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, previous_hash, previous_expires_at, scopes, expires_at,
                           revoked_at, revoke_reason)
select ('019e0000-0000-7000-8000-00000000' || k.user_id)::uuid, ('019e0000-0000-7000-8000-00000000' || k.id)::uuid, k.id,
       'plk_', sha256(k.id::bytea), sha256(k.id::bytea || 'old'), now() + k.grace, k.scopes::text[], now() + k.rest,
       case when k.revoked then now() end, case when k.revoked then 'of this test' end
  from (values ('d001', 'd111', interval '90 s', interval '30 s', '{tap:paint,tap:burn}', false),
               ('d001', 'd112', interval '0', interval '30 s', '{*}', false),
               ('d001', 'd113', null, interval '30 s', '{*}', true),
               ('d001', 'd114', null, interval '0', '{*}', false),
               ('d001', 'd115', interval '1 day', interval '1 h', '{self:read}', false),
               ('d002', 'd122', interval '20.9 s', interval '10.9 s', '{*}', false),
               ('d002', 'd121', interval '20 s', interval '30 s', '{*}', false)) as k (user_id, id, rest, grace, scopes, revoked);
set session authorization plinth_web;
select results_eq(
  $$ select * from http.enter('user', 'tap:paint', sha256('d111'), E'req-3\x1f192.0.2.7\x1fcurl/8') $$,
  $$ values (true, uuid '019e0000-0000-7000-8000-00000000d001', 90) $$, 'whose key it is, and how long it still works');
select is(pg_temp.caller(), '019e0000-0000-7000-8000-00000000d001', 'that user is the caller');
select is(current_setting('plinth.context'),
          E'\x1freq-3\x1f192.0.2.7\x1fcurl/8\x1f019e0000-0000-7000-8000-00000000d111', 'no session, and the key');
select lives_ok($$ select http.enter('user', 'tap:paint', sha256('d111'), null) $$, 'the layer knows nothing');
select is(current_setting('plinth.context'), repeat(E'\x1f', 4) || '019e0000-0000-7000-8000-00000000d111',
          'the key has its place');
select is((select e.expires_in from http.enter('user', null, sha256('d114'), '') e), 3600,
          'a key without an end is looked at again after an hour');
select is((select e.expires_in from http.enter('user', 'tap:paint', sha256('d111old'), '') e), 30,
          'the secret before this one, as long as it works');
select is((select e.expires_in from http.enter('user', null, sha256('d121old'), '') e), 20, 'and never longer than the key');
select is((select e.expires_in from http.enter('user', null, sha256('d122'), '') e), 20, 'nor a second too long');
select is((select e.expires_in from http.enter('user', null, sha256('d122old'), '') e), 10, 'by either secret');
select throws_ok(format('select http.enter(%L, null, sha256(%L), %L)', 'user', k.token, ''),
                 'UN001', 'The token is unknown, expired or ended; sign in again', 'a key ' || k.why)
  from (values ('d112', 'that has expired'), ('d112old', 'that has expired, by its former secret'),
               ('d113', 'that was revoked'), ('d113old', 'that was revoked, by its former secret'),
               ('d114old', 'whose former secret has had its time')) k (token, why);

-- Scopes bound, roles grant.
select throws_ok($$ select http.enter('user', 'tap:wash', sha256('d111'), '') $$,
                 'NP001', 'The API key lacks the scope tap:wash', 'the roles have it, the key does not');
select throws_ok($$ select http.enter('user', 'tap:burn', sha256('d111'), '') $$,
                 'NP001', 'This needs the permission tap:burn', 'the key has it, the roles do not');
select lives_ok($$ select http.enter('user', 'tap:wash', sha256('d114'), '') $$, 'a key with a star has what the roles have');
select throws_ok($$ select http.enter('user', 'tap:burn', sha256('d114'), '') $$, 'NP001', null, 'and no more');
select lives_ok($$ select http.enter('user', null, sha256('d115'), '', 'self:read') $$, 'a route without a permission: its scope');
select throws_ok($$ select http.enter('user', null, sha256('d115'), '', 'self:write') $$,
                 'NP001', 'The API key lacks the scope self:write', 'another one');
select throws_ok($$ select http.enter('user', null, sha256('d115'), '') $$,
                 'NP001', 'The API key lacks the scope *', 'where no scope is named, all of them are needed');
select lives_ok($$ select http.enter('user', null, sha256('d011'), '', 'self:write') $$, 'a session needs no scope');
select throws_ok(format('select http.enter(%L, null, sha256(%L), %L)', a.auth, 'd121', ''),
                 'NP001', 'This needs a session; an API key is not enough', a.auth || ': no key will do')
  from (values ('session'), ('step_up')) a (auth);
select is(e.user_id, '019e0000-0000-7000-8000-00000000d002', 'a session after a key') from http.enter('user', null,
  sha256('d021'), '') e;
reset session authorization;
select is(base.request_context(5), null, 'is none by a key');

set session authorization plinth_operator;
select lives_ok($$ select http.enter('user', null, sha256('d011'), '') $$, 'an operator may try a token');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.enter('none', null, null, '') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
