-- api.reset_password: a link, once, and everything that somebody else may hold is void.
begin;
select plan(33);

select is(pg_get_function_arguments('api.reset_password'::regproc),
  'p_token text, p_new_password text', 'arguments');
select is(pg_get_function_result('api.reset_password'::regproc), 'void', 'result');
select volatility_is('api', 'reset_password', array['text', 'text'], 'volatile');
select is_definer('api', 'reset_password', array['text', 'text']);
select function_owner_is('api', 'reset_password', array['text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.reset_password'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.reset_password'::regproc;

insert into auth.users (id, username, email, email_verified) values
  ('019e0000-0000-7000-8000-00000000fc31', 'tap_reset_anna', 'tap_reset_anna@example.org', true),
  ('019e0000-0000-7000-8000-00000000fc32', 'tap_reset_ben', 'tap_reset_ben@example.org', false);
\set anna 019e0000-0000-7000-8000-00000000fc31
\set ben 019e0000-0000-7000-8000-00000000fc32

-- The token of the newest message of a kind, as the worker would write it.
create function pg_temp.link(p_kind text, p_user text default 'anna') returns text language sql volatile as $$
  select core.decrypt_secret(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)) from ops.outbox o
    join auth.users u on u.id = o.user_id
   where o.kind = p_kind and u.username = 'tap_reset_' || p_user order by o.id desc limit 1
$$;
create function pg_temp.mailed() returns text[] language sql volatile as $$
  select array(select concat_ws(' ', right(u.username, -length('tap_reset_')), o.kind, o.address) from ops.outbox o
    join auth.users u on u.id = o.user_id where u.username like 'tap\_reset\_%' order by o.id)
$$;
create function pg_temp.account(p_user text) returns text language sql volatile as $$
  select concat_ws(' ', u.email, case when u.email_verified then 'verified' end) from auth.users u
   where u.username = 'tap_reset_' || p_user
$$;
create function pg_temp.trail() returns text[] language sql volatile as $$
  select array(select l.action from ops.audit_logs l join auth.users u on u.id = l.user_id
    where u.username like 'tap\_reset\_%' and l.action ~ '[.]' order by l.id)
$$;
create function pg_temp.forget() returns void language sql volatile as $$
  delete from ops.outbox;
$$;
\set badlink 'The link is unknown, was used before, or has run out'

insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select u.id, sha256(u.username::bytea), sha256(u.username::bytea || 'r'), now() + interval '1 h', now() + interval '1 d'
  from auth.users u where u.id in (:'anna', :'ben');
insert into auth.api_keys (user_id, name, prefix, secret_hash, scopes)
select u.id, 'tap reset', 'plk_', sha256(u.id::text::bytea), '{self:read}' from auth.users u where u.id in (:'anna', :'ben');
update auth.users u set password_hash = core.hash_password('the old one of ben') where u.id = :'ben';
insert into auth.totp (user_id, secret_encrypted, confirmed_at)
select u.id, 'tap', now() from auth.users u where u.id in (:'anna', :'ben');
insert into auth.api_keys (user_id, name, prefix, secret_hash, scopes, revoked_at, revoke_reason)
values (:'ben', 'tap reset before', 'plk_', sha256('tap reset before'), '{self:read}', now(), 'by its owner');
create temp table others as select u.id, u.password_hash from auth.users u where u.id not in (:'anna', :'ben');
select set_config('plinth.context', E'\x1fr\x1f192.0.2.73\x1f', true);
do $$ begin
  for i in 1 .. 5 loop
    perform api.authenticate_user('tap_reset_ben', 'wrong');
  end loop;
end $$;
select set_config('plinth.failure', '', true);
select is_empty($$ select api.authenticate_user('tap_reset_ben', 'the old one of ben') $$, 'locked out');
select is(current_setting('plinth.failure')::json ->> 'code', 'RL002', 'for too many attempts');

select core.send_mail(:'ben', 'verify_email', '{"email": "tap_reset_thief@example.org"}', 'tap_reset_thief@example.org');
select core.send_mail(:'ben', 'reset_password', '{"email": "tap_reset_ben@example.org"}');
select set_config('tap.link', pg_temp.link('reset_password', 'ben'), true),
       set_config('tap.change', pg_temp.link('verify_email', 'ben'), true);
set session authorization plinth_web;
select throws_ok($$ select api.reset_password(current_setting('tap.link'), 'short') $$, 'VL001', null, 'too short a one');
select throws_ok($$ select api.reset_password(current_setting('tap.link'), null) $$, 'VL003', null, 'no password');
select throws_ok($$ select api.reset_password(current_setting('tap.link'), 'tap_reset_ben@example.org') $$, 'VL001', null,
                 'his own address');
select throws_ok($$ select api.reset_password('plo_junk', 'correct horse battery') $$, 'VL004', :'badlink', 'junk');
select throws_ok($$ select api.reset_password(null, 'correct horse battery') $$, 'VL004', :'badlink', 'no link');
select throws_ok($$ select api.reset_password(current_setting('tap.change'), 'correct horse battery') $$, 'VL004', :'badlink',
                 'a link of another kind');
select lives_ok($$ select api.reset_password(current_setting('tap.link'), 'correct horse battery') $$,
                'then a good one: refusals spent nothing');
select throws_ok($$ select api.reset_password(current_setting('tap.link'), 'correct horse battery') $$, 'VL004', :'badlink',
                 'once');
select throws_ok($$ select api.verify_email(current_setting('tap.change')) $$, 'VL004', :'badlink',
                 'a change of address that somebody began is void');
reset session authorization;

select isnt_empty($$ select api.authenticate_user('tap_reset_ben', 'correct horse battery') $$,
                  'the new password signs in, and nobody is locked out');
select is_empty($$ select api.authenticate_user('tap_reset_ben', 'the old one of ben') $$, 'the old one does not');
select results_eq(
  $$ select right(u.username, 3), s.end_reason from auth.sessions s join auth.users u on u.id = s.user_id
      where u.username like 'tap\_reset\_%' order by 1 $$,
  $$ values ('ben', 'password reset'), ('nna', null) $$, 'he is signed out everywhere, and nobody else');
select is(pg_temp.account('ben'), 'tap_reset_ben@example.org verified', 'who reads its mail owns the address');
select ok(not u.two_factor_enabled, 'a second factor goes: whoever set it up had never proved to own the address')
  from auth.users u where u.id = :'ben';
select is((pg_temp.mailed())[3:], '{"ben second_factor_removed tap_reset_ben@example.org",
                                    "ben password_changed tap_reset_ben@example.org"}', 'he is told');
select ok('password.reset' = any (pg_temp.trail()), 'on record');

-- Bound to the address it went to, and to an active account.
select core.send_mail(:'anna', 'reset_password', '{"email": "tap_reset_anna@example.org"}');
update auth.users u set email = 'tap_reset_elsewhere@example.org' where u.id = :'anna';
select throws_ok($$ select api.reset_password(pg_temp.link('reset_password'), 'correct horse battery') $$, 'VL004', :'badlink',
                 'the address is another by now');
update auth.users u set email = 'tap_reset_anna@example.org', status = 'suspended' where u.id = :'anna';
select throws_ok($$ select api.reset_password(pg_temp.link('reset_password'), 'correct horse battery') $$, 'VL004', :'badlink',
                 'the account is suspended');
update auth.users u set status = 'active', email_verified = false where u.id = :'anna';
select lives_ok($$ select api.reset_password(pg_temp.link('reset_password'), 'correct horse battery') $$,
                'which were the only reasons; an account without a password gets one');
select ok(u.two_factor_enabled, 'and keeps its second factor: an address was proved before') from auth.users u where u.id = :'anna';
set session authorization plinth_reader;
select throws_ok($$ select api.reset_password('x', 'y') $$, '42501', null, 'a reader does not');
reset session authorization;

select is(k.revoke_reason, 'password reset', 'keys that somebody else may have made are revoked')
  from auth.api_keys k where k.name = 'tap reset' and k.user_id = :'ben';
select is(k.revoke_reason, 'by its owner', 'one that was revoked before keeps its reason')
  from auth.api_keys k where k.name = 'tap reset before';
select is_empty($$ select from others o join auth.users u using (id) where u.password_hash is distinct from o.password_hash $$,
                'nobody else has another password');

select * from finish();
rollback;
