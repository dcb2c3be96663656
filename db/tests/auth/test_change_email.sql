-- api.change_email: the password, then a link to the new address; who has it shows in no answer.
begin;
select plan(32);

select is(pg_get_function_arguments('api.change_email'::regproc),
  'p_user_id uuid, p_email text, p_password text', 'arguments');
select is(pg_get_function_result('api.change_email'::regproc), 'void', 'result');
select volatility_is('api', 'change_email', array['uuid', 'text', 'text'], 'volatile');
select is_definer('api', 'change_email', array['uuid', 'text', 'text']);
select function_owner_is('api', 'change_email', array['uuid', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.change_email'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.change_email'::regproc;

insert into auth.users (id, username, email, email_verified) values
  ('019e0000-0000-7000-8000-00000000fc41', 'tap_chg_anna', 'tap_chg_anna@example.org', true),
  ('019e0000-0000-7000-8000-00000000fc42', 'tap_chg_ben', 'tap_chg_ben@example.org', false);
\set anna 019e0000-0000-7000-8000-00000000fc41
\set ben 019e0000-0000-7000-8000-00000000fc42

-- The token of the newest message of a kind, as the worker would write it.
create function pg_temp.link(p_kind text, p_user text default 'anna') returns text language sql volatile as $$
  select core.decrypt_secret(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)) from ops.outbox o
    join auth.users u on u.id = o.user_id
   where o.kind = p_kind and u.username = 'tap_chg_' || p_user order by o.id desc limit 1
$$;
create function pg_temp.mailed() returns text[] language sql volatile as $$
  select array(select concat_ws(' ', right(u.username, -length('tap_chg_')), o.kind, o.address) from ops.outbox o
    join auth.users u on u.id = o.user_id where u.username like 'tap\_chg\_%' order by o.id)
$$;
create function pg_temp.account(p_user text) returns text language sql volatile as $$
  select concat_ws(' ', u.email, case when u.email_verified then 'verified' end) from auth.users u
   where u.username = 'tap_chg_' || p_user
$$;
create function pg_temp.trail() returns text[] language sql volatile as $$
  select array(select l.action from ops.audit_logs l join auth.users u on u.id = l.user_id
    where u.username like 'tap\_chg\_%' and l.action ~ '[.]' order by l.id)
$$;
create function pg_temp.forget() returns void language sql volatile as $$
  delete from ops.outbox;
$$;

update auth.users u set password_hash = core.hash_password('correct horse battery') where u.id = :'anna';
set session authorization plinth_web;
select throws_ok($$ select api.change_email('019e0000-0000-7000-8000-00000000fc41', 'x@example.org', 'correct horse battery') $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fc41', true),
       set_config('plinth.context', E'\x1fr\x1f192.0.2.74\x1f', true);
select throws_ok($$ select api.change_email('019e0000-0000-7000-8000-00000000fc42', 'x@example.org', 'correct horse battery') $$,
                 'NP001', null, 'not another user''s');
select throws_ok($$ select api.change_email('019e0000-0000-7000-8000-00000000fc41', a, 'correct horse battery')
                      from unnest(array['nowhere', 'a@b,c@d', '']) a $$, 'VL001', null, 'no address');
select throws_ok($$ select api.change_email('019e0000-0000-7000-8000-00000000fc41', null, 'x') $$, 'VL001', null, 'none at all');

select is(api.change_email('019e0000-0000-7000-8000-00000000fc41', ' New@example.org ', 'correct horse battery')::text, '',
          'a free address');
select is(coalesce(current_setting('plinth.failure', true), ''), '', 'no failure');
select is(api.change_email('019e0000-0000-7000-8000-00000000fc41', 'TAP_CHG_BEN@example.org', 'correct horse battery')::text, '',
          'a taken one: the same answer');
select is(coalesce(current_setting('plinth.failure', true), ''), '', 'and no failure');
reset session authorization;
select is(pg_temp.mailed(), '{"anna verify_email New@example.org","ben change_to_your_address tap_chg_ben@example.org"}',
          'a link to the free one, a notice to the owner of the other');
select is(pg_temp.account('anna'), 'tap_chg_anna@example.org verified', 'nothing has changed yet');
select is((pg_temp.trail())[1:2], '{email.change_requested,email.change_requested}', 'on record');

set session authorization plinth_web;
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fc41', true);
select is(api.change_email('019e0000-0000-7000-8000-00000000fc41', 'new@example.org', 'correct horse battery')::text, '', 'again');
select is(api.change_email('019e0000-0000-7000-8000-00000000fc41', 'b@example.org', 'correct horse battery')::text, '', 'another');
reset session authorization;
select is((pg_temp.mailed())[3:], '{"anna verify_email b@example.org"}', 'one mail per address in five minutes');

-- A wrong password.
set session authorization plinth_web;
select is(api.change_email('019e0000-0000-7000-8000-00000000fc41', 'third@example.org', 'wrong')::text, '', 'wrong password');
select is(current_setting('plinth.failure')::json ->> 'code', 'UN002', 'is refused, and kept');
select is(api.change_email('019e0000-0000-7000-8000-00000000fc41', 'third@example.org', null)::text, '', 'no password');
select is(current_setting('plinth.failure')::json ->> 'code', 'UN002', 'likewise');
do $$ begin
  for i in 1 .. 3 loop
    perform api.change_email('019e0000-0000-7000-8000-00000000fc41', 'third@example.org', 'wrong');
  end loop;
end $$;
select is(api.change_email('019e0000-0000-7000-8000-00000000fc41', 'a@example.org', 'correct horse battery')::text, '', 'more');
select is(current_setting('plinth.failure')::json ->> 'code', 'RL002', 'even the right one waits');
reset session authorization;
select is(cardinality(pg_temp.mailed()), 3, 'and no mail went out');
select ok('email.change_refused' = any (pg_temp.trail()), 'on record');
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
select throws_ok($$ select api.change_email(null, 'x@example.org', 'x') $$, 'VL003', null, 'no user');
update auth.users u set status = 'deleted' where u.id = :'anna';
select throws_ok($$ select api.change_email('019e0000-0000-7000-8000-00000000fc41', 'x@example.org', 'correct horse battery') $$,
                 'NF001', 'There is no such active account', 'an account that went');
set session authorization plinth_reader;
select throws_ok($$ select api.change_email(null, 'x@example.org', 'x') $$, '42501', null, 'a reader does not');
reset session authorization;

select * from finish();
rollback;
