-- http.assume: the caller is whom the primary vouched for; nothing else than its own signed word is believed.
begin;
select plan(38);

select is(pg_get_function_arguments('http.assume'::regproc), pg_get_function_arguments('http.enter'::regproc),
          'arguments: those of http.enter');
select is(pg_get_function_result('http.assume'::regproc), pg_get_function_result('http.enter'::regproc),
          'result: that of http.enter');
select volatility_is('http', 'assume', array['text', 'text', 'bytea', 'text', 'text'], 'volatile');
select is_definer('http', 'assume', array['text', 'text', 'bytea', 'text', 'text']);
select function_owner_is('http', 'assume', array['text', 'text', 'bytea', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.assume'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.assume'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000d301', 'tap_assume_anna', 'tap_assume_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000d302', 'tap_assume_ben', 'tap_assume_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000d302', 'administrator');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, ('019e0000-0000-7000-8000-00000000' || s.id)::uuid,
       sha256(s.id::bytea), sha256(s.id::bytea || 'r'), now() + interval '1 h', now() + interval '1 day'
  from (values ('d301', 'd311'), ('d302', 'd321')) s (user_id, id);
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes) values
  ('019e0000-0000-7000-8000-00000000d301', '019e0000-0000-7000-8000-00000000d331', 'one', 'plk_', sha256('d331'), '{self:read}');

create function pg_temp.present(p_vouch text) returns text language sql volatile as $$
  select set_config('plinth.vouch', p_vouch, true)
$$;
-- What somebody without the key could make of a vouch: one part changed, the signature left as it is.
create function pg_temp.altered(p_vouch text, p_part integer, p_to text) returns text language sql volatile as $$
  select string_agg(case when n = p_part then p_to else part end, '|' order by n)
    from unnest(string_to_array(p_vouch, '|')) with ordinality u (part, n)
$$;
-- What somebody with another key could sign.
create function pg_temp.signed(p_vouch text, p_key text) returns text language sql volatile security definer as $$
  select left(p_vouch, -65) || '|' || encode(ext.hmac(convert_to(left(p_vouch, -65), 'UTF8'),
    ext.hmac('plinth authenticate 1 vouch', decode(repeat(p_key, 32), 'hex'), 'sha256'), 'sha256'), 'hex')
$$;
create function pg_temp.caller() returns text language sql volatile as $$ select current_setting('plinth.caller', true) $$;

select set_config('plinth.secret_keys', '01234567:' || repeat('ab', 32) || ',89abcdef:' || repeat('cd', 32), false);
select set_config('plinth.replica_max_lag', '5', false), http.beat();
create temp table vouch as
select http.vouch('user', null, sha256('d311'), 'x', 'self:read') as plain,
       http.vouch('user', 'users:read', sha256('d321'), 'x') as admin,
       http.vouch('user', null, sha256('d331'), 'x', 'self:read') as key;
grant select on vouch to plinth_web;

set session authorization plinth_web;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'Nobody vouched for the caller', 'no vouch was presented');

select ok(pg_temp.present(plain) is not null, 'a vouch') from vouch;
select results_eq($$ select * from http.assume('user', null, sha256('d311'), E'req-1\x1f192.0.2.7\x1fcurl/8', 'self:read') $$,
  $$ values (true, uuid '019e0000-0000-7000-8000-00000000d301', null::integer) $$, 'the user it is for');
select is(pg_temp.caller(), '019e0000-0000-7000-8000-00000000d301', 'is the caller');
select is(current_setting('plinth.context'),
          E'019e0000-0000-7000-8000-00000000d311\x1freq-1\x1f192.0.2.7\x1fcurl/8', 'the session, and what the layer knows');

-- For this question, and no other.
select throws_ok(format('select http.assume(%L, %L, sha256(%L), %L, %L)', a.auth, a.permission, a.token, '', a.scope),
                 'UN001', 'The vouch is for something else', 'not for ' || a.what)
  from (values ('session', null, 'd311', 'self:read', 'another way in'),
               ('user', 'users:read', 'd311', 'self:read', 'a permission'),
               ('user', null, 'd321', 'self:read', 'another token'), ('user', null, 'd311', 'self:write', 'another scope'),
               ('user', null, 'd311', null, 'no scope')) a (auth, permission, token, scope, what);
select throws_ok($$ select http.assume('user', null, null, '', 'self:read') $$, 'UN001', 'The vouch is for something else',
                 'not for no token');
select throws_ok($$ select http.assume(null, null, sha256('d311'), '', 'self:read') $$, 'UN001', 'The vouch is for something else',
                 'not for nothing');
select is(pg_temp.caller(), '019e0000-0000-7000-8000-00000000d301', 'a refusal names no other caller');

-- Altered: each part of it.
select pg_temp.present(pg_temp.altered(plain, 3, '019e0000-0000-7000-8000-00000000d302')) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'another user');
select pg_temp.present(pg_temp.altered(plain, 4, '019e0000-0000-7000-8000-00000000d321')) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'another session');
select pg_temp.present(pg_temp.altered(plain, 7, 'users:read')) from vouch;
select throws_ok($$ select http.assume('user', 'users:read', sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'a permission slipped in');
select pg_temp.present(pg_temp.altered(plain, 9, encode(sha256('d321'), 'hex'))) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d321'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'another token');
select pg_temp.present(pg_temp.altered(plain, 11, '0/0')) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'an older position');
select pg_temp.present(pg_temp.altered(plain, 12, '99999999999')) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'a longer life');
select pg_temp.present(pg_temp.altered(plain, 13, repeat('0', 64))) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'a signature made up');

-- Forged: whole, in form, but under keys that are not ours.
select pg_temp.present(pg_temp.signed(plain, 'ef')) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch was altered', 'signed with another key under the name of ours');
select pg_temp.present(pg_temp.altered(plain, 2, 'ffffffff')) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'SV510', 'The key ffffffff that this secret was written with is not at hand', 'a key we do not know');
select pg_temp.present(pg_temp.altered(plain, 1, 'v0')) from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'Nobody vouched for the caller', 'another form');
select pg_temp.present(plain || '|x') from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'Nobody vouched for the caller', 'something behind it');
select pg_temp.present('nonsense') from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'Nobody vouched for the caller', 'nonsense');

-- One that ran out, signed as it should be.
select pg_temp.present(pg_temp.signed(pg_temp.altered(plain, 12, (extract(epoch from clock_timestamp()) - 0.001)::text), 'ab'))
  from vouch;
select throws_ok($$ select http.assume('user', null, sha256('d311'), '', 'self:read') $$,
  'UN001', 'The vouch is no longer good', 'expired');

-- A replaced key still knows its own word; an API key and a permission.
select pg_temp.present(pg_temp.signed(pg_temp.altered(plain, 2, '89abcdef'), 'cd')) from vouch;
select is((select e.proceed from http.assume('user', null, sha256('d311'), '', 'self:read') e), true,
          'signed with the key before this one');
select pg_temp.present(key) from vouch;
select is((select e.user_id from http.assume('user', null, sha256('d331'), E'req-2\x1f192.0.2.7\x1fcurl/8', 'self:read') e),
          '019e0000-0000-7000-8000-00000000d301', 'an API key');
select is(current_setting('plinth.context'),
          E'\x1freq-2\x1f192.0.2.7\x1fcurl/8\x1f019e0000-0000-7000-8000-00000000d331', 'has its place');
select pg_temp.present(admin) from vouch;
select is((select e.user_id from http.assume('user', 'users:read', sha256('d321'), '') e),
          '019e0000-0000-7000-8000-00000000d302', 'a permission that was asked for');
select is(pg_temp.caller(), '019e0000-0000-7000-8000-00000000d302', 'the next caller');

reset session authorization;
select * from finish();
rollback;
