-- api.request_password_reset: a link for whoever it is; for nobody the same answer and the same work.
begin;
select plan(30);

select is(pg_get_function_arguments('api.request_password_reset'::regproc),
  'p_login text', 'arguments');
select is(pg_get_function_result('api.request_password_reset'::regproc), 'void', 'result');
select volatility_is('api', 'request_password_reset', array['text'], 'volatile');
select is_definer('api', 'request_password_reset', array['text']);
select function_owner_is('api', 'request_password_reset', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.request_password_reset'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.request_password_reset'::regproc;

insert into auth.users (id, username, email, email_verified) values
  ('019e0000-0000-7000-8000-00000000fc21', 'tap_forgot_anna', 'tap_forgot_anna@example.org', true),
  ('019e0000-0000-7000-8000-00000000fc22', 'tap_forgot_ben', 'tap_forgot_ben@example.org', false);
\set anna 019e0000-0000-7000-8000-00000000fc21
\set ben 019e0000-0000-7000-8000-00000000fc22

-- The token of the newest message of a kind, as the worker would write it.
create function pg_temp.link(p_kind text, p_user text default 'anna') returns text language sql volatile as $$
  select core.decrypt_secret(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)) from ops.outbox o
    join auth.users u on u.id = o.user_id
   where o.kind = p_kind and u.username = 'tap_forgot_' || p_user order by o.id desc limit 1
$$;
create function pg_temp.mailed() returns text[] language sql volatile as $$
  select array(select concat_ws(' ', right(u.username, -length('tap_forgot_')), o.kind, o.address) from ops.outbox o
    join auth.users u on u.id = o.user_id where u.username like 'tap\_forgot\_%' order by o.id)
$$;
create function pg_temp.account(p_user text) returns text language sql volatile as $$
  select concat_ws(' ', u.email, case when u.email_verified then 'verified' end) from auth.users u
   where u.username = 'tap_forgot_' || p_user
$$;
create function pg_temp.trail() returns text[] language sql volatile as $$
  select array(select l.action from ops.audit_logs l join auth.users u on u.id = l.user_id
    where u.username like 'tap\_forgot\_%' and l.action ~ '[.]' order by l.id)
$$;
create function pg_temp.forget() returns void language sql volatile as $$
  delete from ops.outbox;
$$;

select set_config('plinth.context', E'\x1fr\x1f192.0.2.71\x1f', true);
create temp table other as select o.id from ops.outbox o;
create temp table tokens as select t.id from auth.one_time_tokens t;
grant select on other, tokens to public;

set session authorization plinth_web;
select is(api.request_password_reset('nobody_knows_him')::text, '', 'unknown: the answer is empty');
select is(coalesce(current_setting('plinth.failure', true), ''), '', 'and no failure');
reset session authorization;
select is_empty($$ select o.kind from ops.outbox o where o.id not in (select id from other) $$, 'nobody gets mail');
select is_empty($$ select t.id from auth.one_time_tokens t where t.id not in (select id from tokens) $$, 'or a link');
select is((select count(*) from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
            where l.action = 'password_reset.requested' and l.user_id is null
              and d.difference = core.tried_login(null, 'nobody_knows_him')), 1::bigint,
          'on record, without an account or what was typed');

set session authorization plinth_web;
select is(api.request_password_reset(' TAP_forgot_anna ')::text, '', 'known, by name: the same answer');
reset session authorization;
select is(pg_temp.mailed(), '{"anna reset_password tap_forgot_anna@example.org"}', 'and a mail');
select results_eq(
  $$ select t.kind, t.payload, t.expires_at - t.created_at from auth.one_time_tokens t
      where t.user_id = '019e0000-0000-7000-8000-00000000fc21' $$,
  $$ values ('reset_password', '{"email": "tap_forgot_anna@example.org"}'::jsonb, interval '30 minutes') $$,
  'for half an hour');
select ok(api.request_password_reset('Tap_Forgot_Anna@example.org')::text = '' and cardinality(pg_temp.mailed()) = 1,
          'by address, at once: not a second one');
select results_eq($$ select count(*), count(t.voided_at) from auth.one_time_tokens t
                      where t.user_id = '019e0000-0000-7000-8000-00000000fc21' $$, $$ values (1::bigint, 0::bigint) $$,
                  'and the first stays good');
update ops.outbox o set dedup = 'earlier' where o.user_id = :'anna';
select ok(api.request_password_reset('tap_forgot_anna')::text = '' and cardinality(pg_temp.mailed()) = 2, 'later: another');
select is(array(select t.voided_at is null from auth.one_time_tokens t where t.user_id = :'anna' order by t.id), '{f,t}',
          'in place of the first');

-- No account, one that is not active, and one asked for before cost the same: what they would have written is undone.
update auth.users u set status = 'suspended' where u.id = :'ben';
delete from auth.attempts;
select ok(api.request_password_reset('tap_forgot_ben')::text = '' and cardinality(pg_temp.mailed()) = 2, 'not active: no mail');
create function pg_temp.work(p_login text) returns bigint language plpgsql as $$
declare
  v_before bigint := pg_stat_get_xact_tuples_inserted('auth.one_time_tokens'::regclass)
                   + pg_stat_get_xact_tuples_inserted('ops.outbox'::regclass);
begin
  perform api.request_password_reset(p_login);
  return pg_stat_get_xact_tuples_inserted('auth.one_time_tokens'::regclass)
       + pg_stat_get_xact_tuples_inserted('ops.outbox'::regclass) - v_before;
end
$$;
select is(pg_temp.work('nobody_knows_him'), 2::bigint, 'rows written for nobody');
select is(pg_temp.work('tap_forgot_anna'), 2::bigint, 'for one who asked a moment ago');
update ops.outbox o set dedup = 'earlier still' where o.user_id = :'anna' and o.dedup <> 'earlier';
select is(pg_temp.work('tap_forgot_anna'), 2::bigint, 'for one who gets a mail');
select is(api.request_password_reset(null)::text, '', 'no login is an unknown one');

-- Five from one address are free, whoever they were for.
delete from auth.attempts;
select set_config('plinth.context', E'\x1fr\x1f192.0.2.71\x1f', true);
set session authorization plinth_web;
do $$ begin
  for i in 1 .. 5 loop
    perform api.request_password_reset('nobody' || i);
  end loop;
end $$;
select is(coalesce(current_setting('plinth.failure', true), ''), '', 'five are free');
select is(api.request_password_reset('tap_forgot_anna')::text, '', 'one more');
select is(current_setting('plinth.failure')::json ->> 'code', 'RL002', 'is refused, and kept');
select set_config('plinth.failure', '', true), set_config('plinth.context', E'\x1fr\x1f192.0.2.72\x1f', true);
select is(api.request_password_reset('tap_forgot_anna')::text, '', 'from elsewhere');
select is(coalesce(current_setting('plinth.failure', true), ''), '', 'it is not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.request_password_reset('x') $$, '42501', null, 'a reader does not');
reset session authorization;

select * from finish();
rollback;
