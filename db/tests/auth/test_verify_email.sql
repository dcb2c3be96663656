-- api.verify_email: a link proves its address, and makes a change of address so.
begin;
select plan(31);

select is(pg_get_function_arguments('api.verify_email'::regproc),
  'p_token text', 'arguments');
select is(pg_get_function_result('api.verify_email'::regproc), 'void', 'result');
select volatility_is('api', 'verify_email', array['text'], 'volatile');
select is_definer('api', 'verify_email', array['text']);
select function_owner_is('api', 'verify_email', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.verify_email'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.verify_email'::regproc;

insert into auth.users (id, username, email, email_verified) values
  ('019e0000-0000-7000-8000-00000000fc01', 'tap_vfy_anna', 'tap_vfy_anna@example.org', true),
  ('019e0000-0000-7000-8000-00000000fc02', 'tap_vfy_ben', 'tap_vfy_ben@example.org', false);
\set anna 019e0000-0000-7000-8000-00000000fc01
\set ben 019e0000-0000-7000-8000-00000000fc02

-- The token of the newest message of a kind, as the worker would write it.
create function pg_temp.link(p_kind text, p_user text default 'anna') returns text language sql volatile as $$
  select core.decrypt_secret(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)) from ops.outbox o
    join auth.users u on u.id = o.user_id
   where o.kind = p_kind and u.username = 'tap_vfy_' || p_user order by o.id desc limit 1
$$;
create function pg_temp.mailed() returns text[] language sql volatile as $$
  select array(select concat_ws(' ', right(u.username, -length('tap_vfy_')), o.kind, o.address) from ops.outbox o
    join auth.users u on u.id = o.user_id where u.username like 'tap\_vfy\_%' order by o.id)
$$;
create function pg_temp.account(p_user text) returns text language sql volatile as $$
  select concat_ws(' ', u.email, case when u.email_verified then 'verified' end) from auth.users u
   where u.username = 'tap_vfy_' || p_user
$$;
create function pg_temp.trail() returns text[] language sql volatile as $$
  select array(select l.action from ops.audit_logs l join auth.users u on u.id = l.user_id
    where u.username like 'tap\_vfy\_%' and l.action ~ '[.]' order by l.id)
$$;
create function pg_temp.forget() returns void language sql volatile as $$
  delete from ops.outbox;
$$;
\set badlink 'The link is unknown, was used before, or has run out'

-- The account's own address, by the layer, without a caller.
select core.send_mail(:'ben', 'verify_email', '{"email": "tap_vfy_ben@example.org"}');
select set_config('tap.link', pg_temp.link('verify_email', 'ben'), true);
set session authorization plinth_web;
select lives_ok($$ select api.verify_email(current_setting('tap.link')) $$, 'the link is spent');
select throws_ok($$ select api.verify_email(current_setting('tap.link')) $$, 'VL004', :'badlink', 'once');
select throws_ok($$ select api.verify_email('plo_junk') $$, 'VL004', :'badlink', 'junk');
select throws_ok($$ select api.verify_email(null) $$, 'VL004', :'badlink', 'nothing');
reset session authorization;
select is(pg_temp.account('ben'), 'tap_vfy_ben@example.org verified', 'the address is verified');
select is(pg_temp.trail(), '{email.verified}', 'on record');
select is(pg_temp.mailed(), '{"ben verify_email tap_vfy_ben@example.org"}', 'and no further mail');

-- Another address takes over. Whoever holds a link to the former one has nothing.
select core.send_mail(:'anna', 'reset_password', '{"email": "tap_vfy_anna@example.org"}');
select set_config('tap.reset', pg_temp.link('reset_password'), true);
select core.send_mail(:'anna', 'verify_email', '{"email": "Tap_Vfy_New@example.org"}', 'Tap_Vfy_New@example.org');
select pg_temp.forget();
select core.send_mail(:'anna', 'verify_email', '{"email": "Tap_Vfy_New@example.org"}', 'Tap_Vfy_New@example.org');
select is(pg_temp.account('anna'), 'tap_vfy_anna@example.org verified', 'not before the link is opened');
select lives_ok($$ select api.verify_email(pg_temp.link('verify_email')) $$, 'it is opened');
select is(pg_temp.account('anna'), 'Tap_Vfy_New@example.org verified', 'the new address, verified');
select is(array(select l.login from auth.logins l where l.user_id = :'anna' and l.kind = 'email'),
          '{tap_vfy_new@example.org}', 'signs in');
select is((select count(*) from auth.one_time_tokens t where t.user_id = :'anna' and t.kind = 'reset_password'
             and t.voided_at is null), 0::bigint, 'no link stays good');
select throws_ok($$ select api.reset_password(current_setting('tap.reset'), 'correct horse battery') $$, 'VL004', null,
                 'a link at the former address is void');
select is((pg_temp.mailed())[2:], '{"anna email_changed tap_vfy_anna@example.org"}', 'which gets a notice');
select results_eq(
  $$ select t.payload, t.expires_at - t.created_at from auth.one_time_tokens t where t.kind = 'email_changed' $$,
  $$ values ('{"email": "tap_vfy_anna@example.org", "new_address": "Tap_Vfy_New@example.org"}'::jsonb, interval '7 days') $$,
  'with a link that takes it back, for a week');
select ok('email.changed' = any (pg_temp.trail()), 'on record');
select ok(exists (select from base.touched_tags t where t.tag = 'profile:' || :'anna'), 'copies of the profile are void');

-- An address nobody proved to own gets no power over the account.
update auth.users u set email_verified = false where u.id = :'ben';
select pg_temp.forget();
select core.send_mail(:'ben', 'verify_email', '{"email": "tap_vfy_b2@example.org"}', 'tap_vfy_b2@example.org');
select lives_ok($$ select api.verify_email(pg_temp.link('verify_email', 'ben')) $$, 'from an address that was not verified');
select is(pg_temp.mailed(), '{"ben verify_email tap_vfy_b2@example.org"}', 'no link back goes there');

-- Taken meanwhile.
select core.send_mail(:'anna', 'verify_email', '{"email": "TAP_VFY_B2@example.org"}', 'tap_vfy_b2@example.org');
select throws_ok($$ select api.verify_email(pg_temp.link('verify_email')) $$, 'KC001', 'The address is taken', 'who comes first');
select is(pg_temp.account('anna'), 'Tap_Vfy_New@example.org verified', 'the other keeps what it has');
update auth.users u set status = 'suspended' where u.id = :'anna';
select throws_ok($$ select api.verify_email(pg_temp.link('verify_email')) $$, 'VL004', null, 'not of a suspended account');
update auth.users u set status = 'active' where u.id = :'anna';
select core.send_mail(:'anna', 'reset_password', '{"email": "Tap_Vfy_New@example.org"}');
select throws_ok($$ select api.verify_email(pg_temp.link('reset_password')) $$, 'VL004', null, 'not by a link of another kind');
set session authorization plinth_reader;
select throws_ok($$ select api.verify_email('x') $$, '42501', null, 'a reader does not');
reset session authorization;

select * from finish();
rollback;
