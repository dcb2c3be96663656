-- http.enter_once: the way in of a call with an Idempotency-Key; with http.leave_once, which keeps the answers.
begin;
select plan(42);

select is(pg_get_function_arguments('http.enter_once'::regproc),
  'p_auth text, p_permission text, p_token bytea, p_context text, p_scope text DEFAULT NULL::text, '
  'p_function text DEFAULT NULL::text, p_hours integer DEFAULT NULL::integer, p_key text DEFAULT NULL::text, '
  'p_arguments text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('http.enter_once'::regproc),
  'TABLE(proceed boolean, user_id uuid, expires_in integer, once json)', 'result');
select volatility_is('http', 'enter_once',
  array['text', 'text', 'bytea', 'text', 'text', 'text', 'integer', 'text', 'text'], 'volatile');
select is_definer('http', 'enter_once',
  array['text', 'text', 'bytea', 'text', 'text', 'text', 'integer', 'text', 'text']);
select function_owner_is('http', 'enter_once',
  array['text', 'text', 'bytea', 'text', 'text', 'text', 'integer', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.enter_once'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.enter_once'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000de01', 'tap_once_anna', 'tap_once_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000de02', 'tap_once_ben', 'tap_once_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.name::bytea), sha256(s.name::bytea || 'r'),
       now() + interval '90 s', now() + interval '1 day'
  from (values ('de01', 'anna'), ('de01', 'anna too'), ('de02', 'ben')) s (user_id, name);
insert into auth.api_keys (user_id, name, prefix, secret_hash, scopes) values
  ('019e0000-0000-7000-8000-00000000de01', 'tap', 'plk_', sha256('anna key'), '{self:write}'),
  ('019e0000-0000-7000-8000-00000000de01', 'tap', 'plk_', sha256('anna weak'), '{self:read}');

-- A call as far as the key is concerned: in, and where it may proceed, out. Tells whether it happened, and its answer.
create function pg_temp.call(p_who text, p_key text, p_arguments text default 'ab', p_function text default 'api.tap',
                             p_body text default '{"a":  1}', p_address text default '192.0.2.7')
returns text language plpgsql volatile as $$
declare
  v_in  record;
  v_out record;
begin
  select * into strict v_in
    from http.enter_once(case when p_who is null then 'none' else 'user' end, null, sha256(p_who::bytea),
                         E'req\x1f' || p_address || E'\x1fcurl/8', 'self:write', p_function, 24, p_key,
                         encode(sha256(p_arguments::bytea), 'hex'));
  select * into strict v_out
    from http.leave_once(v_in.once, 201, case when v_in.proceed then p_body end);
  return concat_ws(' ', case when v_in.proceed then 'new' else 'known' end, v_out.status,
                   case when v_out.status < 400 then v_out.body else v_out.body::json ->> 'code' end);
end $$;

set session authorization plinth_web;
select results_eq(
  $$ select e.proceed, e.user_id, e.expires_in, e.once ->> 'function', e.once ->> 'key', e.once ->> 'status'
       from http.enter_once('user', null, sha256('anna'), E'req-1\x1f192.0.2.7\x1fcurl/8', 'self:write', 'api.tap', 24,
                            'key 0001', repeat('0', 64)) e $$,
  $$ values (true, uuid '019e0000-0000-7000-8000-00000000de01', 90, 'api.tap', 'key 0001', null) $$,
  'as http.enter; a new call, and what its answer is kept under');
select is(current_setting('plinth.caller'), '019e0000-0000-7000-8000-00000000de01', 'who sent it is the caller');

select is(pg_temp.call('anna', 'key 0001'), 'new 201 {"a":  1}', 'a call');
select is(pg_temp.call('anna', 'key 0001', p_body => 'x'), 'known 201 {"a":  1}', 'sent again: its answer, byte for byte');
select is(pg_temp.call('anna too', 'key 0001'), 'known 201 {"a":  1}', 'by another session of the same user');
select is(pg_temp.call('anna key', 'key 0001'), 'known 201 {"a":  1}', 'by an API key of the same user');
select throws_ok($$ select pg_temp.call('anna weak', 'key 0001') $$, 'NP001', 'The API key lacks the scope self:write',
                 'but only by one that may call at all');
select throws_ok($$ select pg_temp.call('nobody', 'key 0001') $$, 'UN001', null, 'and only signed in');
select throws_ok($$ select pg_temp.call('anna', 'key 0001', 'xy') $$,
                 'VL005', 'This key was used for a call with other arguments', 'with other arguments');
select is(pg_temp.call('anna', 'key 0001'), 'known 201 {"a":  1}', 'which changes nothing');
select is(pg_temp.call('anna', 'key 0002', p_body => 'x'), 'new 201 x', 'another key is another call');
select is(pg_temp.call('anna', 'key 0001', p_function => 'api.pat', p_body => 'x'), 'new 201 x', 'so is another function');
select is(pg_temp.call('anna', 'key 0001', p_function => 'api.pat'), 'known 201 x', 'which is known by itself');
select is(pg_temp.call('ben', 'key 0001', p_body => 'x'), 'new 201 x', 'and another user');
select is(pg_temp.call('ben', 'key 0001'), 'known 201 x', 'who gets what is his');
select is(pg_temp.call('anna', 'key 0003', p_body => E'{"a": "\\u0000 \\" é"}'), E'new 201 {"a": "\\u0000 \\" é"}',
          'odd characters');
select is(pg_temp.call('anna', 'key 0003'), E'known 201 {"a": "\\u0000 \\" é"}', 'come again as they were');

-- Nobody is signed in: addresses tell callers apart, and trying out arguments leads nowhere.
select is(pg_temp.call(null, 'key 0001', p_body => 'token'), 'new 201 token', 'nobody known');
select is(pg_temp.call(null, 'key 0001'), 'known 201 token', 'sent again');
select is(pg_temp.call(null, 'key 0001', p_address => '192.0.2.8', p_body => 'x'), 'new 201 x',
          'from another address it is another''s call');
select is(pg_temp.call('anna', 'key 0001'), 'known 201 {"a":  1}', 'nor has a user anything to do with it');
select is(pg_temp.call(null, 'key 0001', 'guess'), 'known 422 VL005', 'other arguments: refused, and not undone');
reset session authorization;
select set_config('plinth.failure', '', true);
set session authorization plinth_web;
select is(pg_temp.call(null, 'key 0001', p_body => 'x'), 'new 201 x', 'because now nobody gets the answer any more');

-- What has run out, or cannot be read, is as if it had never been.
reset session authorization;
update ops.idempotency_keys set created_at = now() - interval '24 h', expires_at = now() where key = 'key 0002';
set session authorization plinth_web;
select is(pg_temp.call('anna', 'key 0002', 'xy', p_body => 'y'), 'new 201 y', 'a key that has run out');
select is(pg_temp.call('anna', 'key 0002', 'xy'), 'known 201 y', 'is used anew');
select is(pg_temp.call('anna', 'key 0001'), 'known 201 {"a":  1}', 'others stay');
reset session authorization;
update ops.idempotency_keys set created_at = now() - interval '24 h', expires_at = now()
 where key = 'key 0001' and function_name = 'api.pat';
set session authorization plinth_web;
select is(pg_temp.call('anna', 'key 0001', p_function => 'api.pat', p_body => 'z'), 'new 201 z', 'also one of another function');
select is(pg_temp.call('anna', 'key 0001'), 'known 201 {"a":  1}', 'with the same key');
reset session authorization;
update ops.idempotency_keys set answer_encrypted = set_byte(answer_encrypted, 1, 255 - get_byte(answer_encrypted, 1))
 where key = 'key 0002';
set session authorization plinth_web;
select is(pg_temp.call('anna', 'key 0002', p_body => 'z'), 'new 201 z', 'one whose main key is gone');
select is(pg_temp.call('anna', 'key 0002'), 'known 201 z', 'is used anew');

-- Another call under the same key is under way: what that one waits for, the hash says here.
reset session authorization;
select is(array(select k.key from ops.idempotency_keys k where k.answer_encrypted::text ~ encode('{"a"', 'hex')), '{}',
          'no answer is kept in clear');
select isnt_empty(
  $$ select from pg_locks l
      where l.locktype = 'advisory' and l.pid = pg_backend_pid()
        and hashtextextended('idempotency:019e0000-0000-7000-8000-00000000de01:api.tap:key 0001', 0)
            = (l.classid::bigint << 32 | l.objid::bigint) $$, 'calls hold a lock of their own until they end');
set session authorization plinth_operator;
select throws_ok($$ select pg_temp.call('anna', 'key 0009') $$, '42501', null, 'an operator may not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select pg_temp.call('anna', 'key 0009') $$, '42501', null, 'a reader may not');
reset session authorization;
select is(base.request_context(3), '192.0.2.7', 'what the layer knows is known');

select * from finish();
rollback;
