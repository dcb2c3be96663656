-- api.revert_email: the former address has the last word, and the earliest the very last.
begin;
select plan(35);

select is(pg_get_function_arguments('api.revert_email'::regproc),
  'p_token text', 'arguments');
select is(pg_get_function_result('api.revert_email'::regproc), 'void', 'result');
select volatility_is('api', 'revert_email', array['text'], 'volatile');
select is_definer('api', 'revert_email', array['text']);
select function_owner_is('api', 'revert_email', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.revert_email'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.revert_email'::regproc;

insert into auth.users (id, username, email, email_verified) values
  ('019e0000-0000-7000-8000-00000000fc51', 'tap_rev_anna', 'tap_rev_anna@example.org', true),
  ('019e0000-0000-7000-8000-00000000fc52', 'tap_rev_ben', 'tap_rev_ben@example.org', false);
\set anna 019e0000-0000-7000-8000-00000000fc51
\set ben 019e0000-0000-7000-8000-00000000fc52

-- The token of the newest message of a kind, as the worker would write it.
create function pg_temp.link(p_kind text, p_user text default 'anna') returns text language sql volatile as $$
  select core.decrypt_secret(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)) from ops.outbox o
    join auth.users u on u.id = o.user_id
   where o.kind = p_kind and u.username = 'tap_rev_' || p_user order by o.id desc limit 1
$$;
create function pg_temp.mailed() returns text[] language sql volatile as $$
  select array(select concat_ws(' ', right(u.username, -length('tap_rev_')), o.kind, o.address) from ops.outbox o
    join auth.users u on u.id = o.user_id where u.username like 'tap\_rev\_%' order by o.id)
$$;
create function pg_temp.account(p_user text) returns text language sql volatile as $$
  select concat_ws(' ', u.email, case when u.email_verified then 'verified' end) from auth.users u
   where u.username = 'tap_rev_' || p_user
$$;
create function pg_temp.trail() returns text[] language sql volatile as $$
  select array(select l.action from ops.audit_logs l join auth.users u on u.id = l.user_id
    where u.username like 'tap\_rev\_%' and l.action ~ '[.]' order by l.id)
$$;
create function pg_temp.forget() returns void language sql volatile as $$
  delete from ops.outbox;
$$;
\set badlink 'The link is unknown, was used before, or has run out'

create function pg_temp.moved(p_to text) returns text language plpgsql as $$
begin
  perform core.send_mail('019e0000-0000-7000-8000-00000000fc51', 'verify_email', jsonb_build_object('email', p_to), p_to);
  perform api.verify_email(pg_temp.link('verify_email'));
  return pg_temp.link('email_changed');
end
$$;
update auth.users u set password_hash = core.hash_password('known to the thief') where u.id = :'anna';
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
values (:'anna', sha256('tap_rev'), sha256('tap_revr'), now() + interval '1 h', now() + interval '1 d');

insert into auth.api_keys (user_id, name, prefix, secret_hash, scopes)
select u.id, 'tap', 'plk_' || right(u.id::text, 4) || 'abcd', sha256(u.id::text::bytea), '{self:read}'
  from auth.users u where u.id in (:'anna', :'ben');

-- A thief with the password moves the account on, twice, and begins a third time.
select set_config('tap.first', pg_temp.moved('tap_rev_thief@example.org'), true);
select set_config('tap.second', pg_temp.moved('tap_rev_thief2@example.org'), true);
select core.send_mail(:'anna', 'verify_email', '{"email": "tap_rev_thief3@example.org"}', 'tap_rev_thief3@example.org');
select set_config('tap.third', pg_temp.link('verify_email'), true);
select isnt(current_setting('tap.first'), current_setting('tap.second'), 'each former address has its own link');
select is(pg_temp.account('anna'), 'tap_rev_thief2@example.org verified', 'he has it');
-- Ben lost his address likewise; he had a second factor long before.
select core.send_mail(:'ben', 'verify_email', '{"email": "tap_rev_ben@example.org"}', 'tap_rev_ben@example.org');
select api.verify_email(pg_temp.link('verify_email', 'ben'));
select core.send_mail(:'ben', 'verify_email', '{"email": "tap_rev_thief4@example.org"}', 'tap_rev_thief4@example.org');
select api.verify_email(pg_temp.link('verify_email', 'ben'));
select set_config('tap.ben', pg_temp.link('email_changed', 'ben'), true);
insert into auth.totp (user_id, secret_encrypted, confirmed_at) values
  (:'anna', 'x', now() - interval '1 h'), (:'ben', 'x', now());
select pg_temp.forget();

set session authorization plinth_web;
select throws_ok($$ select api.revert_email('plo_junk') $$, 'VL004', :'badlink', 'junk');
select throws_ok($$ select api.revert_email(null) $$, 'VL004', :'badlink', 'nothing');
select throws_ok($$ select api.revert_email(current_setting('tap.third')) $$, 'VL004', :'badlink', 'a link of another kind');
select lives_ok($$ select api.revert_email(current_setting('tap.first')) $$, 'the owner takes it back');
select throws_ok($$ select api.revert_email(current_setting('tap.first')) $$, 'VL004', :'badlink', 'once');
select throws_ok($$ select api.revert_email(current_setting('tap.second')) $$, 'VL004', :'badlink', 'the thief''s link is void');
select throws_ok($$ select api.verify_email(current_setting('tap.third')) $$, 'VL004', :'badlink', 'so is his next change');
reset session authorization;
select is(pg_temp.account('anna'), 'tap_rev_anna@example.org verified', 'the address is the first one again');
select is_empty($$ select api.authenticate_user('tap_rev_anna', 'known to the thief') $$, 'the password is void');
select results_eq($$ select right(k.user_id::text, 1), k.revoke_reason from auth.api_keys k where k.name = 'tap' order by 1 $$,
                  $$ values ('1', 'address restored'), ('2', null) $$, 'keys he may have made are revoked, nobody else''s');
select results_eq($$ select right(t.user_id::text, 1) from auth.totp t where t.user_id::text like '%fc5_' $$, $$ values ('2') $$,
                  'the second factor he set up is gone, nobody else''s');
select ok(not u.two_factor_enabled, 'and is not asked for') from auth.users u where u.id = :'anna';
select is(s.end_reason, 'address restored', 'he is signed out') from auth.sessions s where s.user_id = :'anna';
select is(pg_temp.mailed(), '{"anna reset_password tap_rev_anna@example.org"}', 'the owner gets a link for a new password');
select lives_ok($$ select api.reset_password(pg_temp.link('reset_password'), 'correct horse battery') $$, 'that works');
select ok('email.reverted' = any (pg_temp.trail()), 'on record');

-- The other way round: the link of a later change does not make that of an earlier one void.
select set_config('tap.first', pg_temp.moved('tap_rev_b@example.org'), true);
select set_config('tap.second', pg_temp.moved('tap_rev_c@example.org'), true);
select lives_ok($$ select api.revert_email(current_setting('tap.second')) $$, 'back to the second');
select lives_ok($$ select api.revert_email(current_setting('tap.first')) $$, 'and back to the first');
select is(pg_temp.account('anna'), 'tap_rev_anna@example.org verified', 'which has the last word');

update auth.totp t set confirmed_at = now() - interval '25 h' where t.user_id = :'ben';
update auth.api_keys k set revoked_at = now(), revoke_reason = 'by its owner' where k.user_id = :'ben';
select lives_ok($$ select api.revert_email(current_setting('tap.ben')) $$, 'who had a second factor long before the change');
select ok(u.two_factor_enabled, 'keeps it') from auth.users u where u.id = :'ben';
select is((select k.revoke_reason from auth.api_keys k where k.user_id = :'ben'), 'by its owner',
          'a key that was revoked before keeps its reason');

-- Taken by somebody else meanwhile; an account that is not active.
select set_config('tap.first', pg_temp.moved('tap_rev_d@example.org'), true);
update auth.users u set email = 'tap_rev_anna@example.org' where u.id = :'ben';
select throws_ok($$ select api.revert_email(current_setting('tap.first')) $$, 'KC001', 'The address is taken', 'taken meanwhile');
update auth.users u set email = 'tap_rev_ben@example.org' where u.id = :'ben';
update auth.users u set status = 'suspended' where u.id = :'anna';
select throws_ok($$ select api.revert_email(current_setting('tap.first')) $$, 'VL004', :'badlink', 'suspended');
update auth.users u set status = 'active' where u.id = :'anna';
select lives_ok($$ select api.revert_email(current_setting('tap.first')) $$, 'which were the only reasons');
set session authorization plinth_reader;
select throws_ok($$ select api.revert_email('x') $$, '42501', null, 'a reader does not');
reset session authorization;

select * from finish();
rollback;
