-- api.request_email_verification: a link for the caller, once in five minutes.
begin;
select plan(20);

select is(pg_get_function_arguments('api.request_email_verification'::regproc),
  'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.request_email_verification'::regproc), 'void', 'result');
select volatility_is('api', 'request_email_verification', array['uuid'], 'volatile');
select is_definer('api', 'request_email_verification', array['uuid']);
select function_owner_is('api', 'request_email_verification', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.request_email_verification'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.request_email_verification'::regproc;

insert into auth.users (id, username, email, email_verified) values
  ('019e0000-0000-7000-8000-00000000fc11', 'tap_ask_anna', 'tap_ask_anna@example.org', true),
  ('019e0000-0000-7000-8000-00000000fc12', 'tap_ask_ben', 'tap_ask_ben@example.org', false);
\set anna 019e0000-0000-7000-8000-00000000fc11
\set ben 019e0000-0000-7000-8000-00000000fc12

-- The token of the newest message of a kind, as the worker would write it.
create function pg_temp.link(p_kind text, p_user text default 'anna') returns text language sql volatile as $$
  select core.decrypt_secret(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)) from ops.outbox o
    join auth.users u on u.id = o.user_id
   where o.kind = p_kind and u.username = 'tap_ask_' || p_user order by o.id desc limit 1
$$;
create function pg_temp.mailed() returns text[] language sql volatile as $$
  select array(select concat_ws(' ', right(u.username, -length('tap_ask_')), o.kind, o.address) from ops.outbox o
    join auth.users u on u.id = o.user_id where u.username like 'tap\_ask\_%' order by o.id)
$$;
create function pg_temp.account(p_user text) returns text language sql volatile as $$
  select concat_ws(' ', u.email, case when u.email_verified then 'verified' end) from auth.users u
   where u.username = 'tap_ask_' || p_user
$$;
create function pg_temp.trail() returns text[] language sql volatile as $$
  select array(select l.action from ops.audit_logs l join auth.users u on u.id = l.user_id
    where u.username like 'tap\_ask\_%' and l.action ~ '[.]' order by l.id)
$$;
create function pg_temp.forget() returns void language sql volatile as $$
  delete from ops.outbox;
$$;

set session authorization plinth_web;
select throws_ok($$ select api.request_email_verification('019e0000-0000-7000-8000-00000000fc11') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fc12', true);
select throws_ok($$ select api.request_email_verification('019e0000-0000-7000-8000-00000000fc11') $$, 'NP001', null,
                 'not for another user');
select lives_ok($$ select api.request_email_verification('019e0000-0000-7000-8000-00000000fc12') $$, 'for the caller');
reset session authorization;
select set_config('plinth.caller', '', true);
select is(pg_temp.mailed(), '{"ben verify_email tap_ask_ben@example.org"}', 'a mail with a link');
select lives_ok($$ select api.verify_email(pg_temp.link('verify_email', 'ben')) $$, 'that verifies');
update auth.users u set email_verified = false where u.id = :'ben';
select lives_ok($$ select api.request_email_verification('019e0000-0000-7000-8000-00000000fc12') $$, 'again');
select is(cardinality(pg_temp.mailed()), 1, 'is not sent again so soon');
update ops.outbox o set dedup = replace(o.dedup, 'tap_ask', 'earlier');
select lives_ok($$ select api.request_email_verification('019e0000-0000-7000-8000-00000000fc12') $$, 'later');
select is(cardinality(pg_temp.mailed()), 2, 'it is');
select lives_ok($$ select api.request_email_verification('019e0000-0000-7000-8000-00000000fc11') $$, 'verified already');
select is(cardinality(pg_temp.mailed()), 2, 'needs no mail');
select throws_ok($$ select api.request_email_verification(null) $$, 'VL003', null, 'no user');
set session authorization plinth_reader;
select throws_ok($$ select api.request_email_verification(null) $$, '42501', null, 'a reader does not');
reset session authorization;

select * from finish();
rollback;
