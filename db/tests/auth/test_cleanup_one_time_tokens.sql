-- core.cleanup_one_time_tokens: what ran out a day ago, so many at a time.
begin;
select plan(15);

select is(pg_get_function_arguments('core.cleanup_one_time_tokens'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_one_time_tokens'::regproc), 'integer', 'result');
select volatility_is('core', 'cleanup_one_time_tokens', array['integer'], 'volatile');
select is_definer('core', 'cleanup_one_time_tokens', array['integer']);
select function_owner_is('core', 'cleanup_one_time_tokens', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.cleanup_one_time_tokens'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_one_time_tokens'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fa41', 'tap_cleanup_anna', 'tap_cleanup_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fa42', 'tap_cleanup_ben', 'tap_cleanup_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fa41
\set ben 019e0000-0000-7000-8000-00000000fa42
delete from ops.outbox;
delete from auth.one_time_tokens;
insert into auth.one_time_tokens (user_id, kind, token_hash, created_at, expires_at, used_at)
select :'anna', 'tap_' || t.name, sha256(t.name::bytea), now() - interval '9 days', now() + t.expires,
       case when t.used then now() end
  from (values ('live', interval '1 h', false), ('used', interval '1 h', true), ('just', interval '-23 h', false),
               ('old', interval '-25 h', false), ('older', interval '-30 h', true)) t (name, expires, used);
insert into ops.mail_kinds (kind, description) values ('tap_note', 'test');
insert into ops.outbox (user_id, kind, language, address, token_id, token_encrypted)
select t.user_id, 'tap_note', 'en', 'a@example.org', t.id, 'x' from auth.one_time_tokens t where t.kind = 'tap_old';

select is(core.cleanup_one_time_tokens(1), 1, 'so many');
select is(array(select t.kind from auth.one_time_tokens t order by 1), '{tap_just,tap_live,tap_old,tap_used}', 'the oldest first');
select is(core.cleanup_one_time_tokens(10), 1, 'the rest');
select is(array(select t.kind from auth.one_time_tokens t order by 1), '{tap_just,tap_live,tap_used}', 'what is not old stays');
select results_eq('select o.token_id, o.user_id from ops.outbox o',
                  $$ values (null::uuid, uuid '019e0000-0000-7000-8000-00000000fa41') $$, 'a message stays without it');
insert into ops.mail_texts (kind, language, subject, body) values ('tap_note', 'en', 'x', 'x');
select is(http.claim_mail('x')::text, null, 'and is not sent');
select is(j.every, interval '1 hour', 'a job') from http.jobs j where j.name = 'core.cleanup_one_time_tokens';
set session authorization plinth_web;
select throws_ok($$ select core.cleanup_one_time_tokens(1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
