-- core.send_mail: leaves a message, with the token of its link and without its text.
begin;
select plan(35);

select is(pg_get_function_arguments('core.send_mail'::regproc),
  'p_user_id uuid, p_kind text, p_payload jsonb DEFAULT ''{}''::jsonb, p_address text DEFAULT NULL::text, '
  'p_dedup text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('core.send_mail'::regproc), 'uuid', 'result');
select volatility_is('core', 'send_mail', array['uuid', 'text', 'jsonb', 'text', 'text'], 'volatile');
select is_definer('core', 'send_mail', array['uuid', 'text', 'jsonb', 'text', 'text']);
select function_owner_is('core', 'send_mail', array['uuid', 'text', 'jsonb', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.send_mail'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.send_mail'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fb01', 'tap_send_anna', 'tap_send_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fb02', 'tap_send_ben', 'tap_send_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fb01
\set ben 019e0000-0000-7000-8000-00000000fb02
insert into ops.mail_kinds (kind, description, token_lifetime, keeps_older) values
  ('tap_link', 'test', '30 minutes', false), ('tap_older', 'test', '7 days', true), ('tap_note', 'test', null, false);

select isnt(core.send_mail(:'anna', 'tap_note'), null, 'a note');
select results_eq(
  $$ select o.kind, o.language, o.address, o.payload, o.token_id, o.attempts, o.next_attempt_at <= clock_timestamp(),
            o.sent_at, o.given_up_at from ops.outbox o where o.user_id = '019e0000-0000-7000-8000-00000000fb01' $$,
  $$ values ('tap_note', 'en', 'tap_send_anna@example.org', '{}'::jsonb, null::uuid, 0, true,
             null::timestamptz, null::timestamptz) $$, 'waits, for the account''s own address');
select is_empty($$ select from auth.one_time_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000fb01' $$,
                'and brings no token');
delete from ops.outbox o where o.kind = 'tap_note';
update base.settings s set value = 'fr' where s.name = 'mail.language';
insert into auth.user_preferences (user_id, preferences) values (:'ben', '{"language": "de"}'), (:'anna', '{"theme": "dark"}');
select ok(core.send_mail(:'anna', 'tap_note') is not null and core.send_mail(:'ben', 'tap_note') is not null, 'in two languages');
select is(array(select o.language from ops.outbox o where o.kind = 'tap_note' order by o.id), '{fr,de}',
          'that of the setting, or the one the user chose');

select isnt(core.send_mail(:'ben', 'tap_link', '{"email": "new@example.org"}', 'new@example.org'), null, 'a link');
select results_eq(
  $$ select o.address, o.payload, t.kind, t.payload, t.expires_at - t.created_at, t.voided_at
       from ops.outbox o left join auth.one_time_tokens t on t.user_id = o.user_id and t.id = o.token_id
      where o.kind = 'tap_link' $$,
  $$ values ('new@example.org', '{"email": "new@example.org"}'::jsonb, 'tap_link', '{"email": "new@example.org"}'::jsonb,
             interval '30 minutes', null::timestamptz) $$, 'to the address named, with a token bound to the same');
select is(sha256(convert_to(core.decrypt_secret(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)), 'UTF8')), t.token_hash,
          'which waits, encrypted')
  from ops.outbox o join auth.one_time_tokens t on t.user_id = o.user_id and t.id = o.token_id
 where o.kind = 'tap_link';
select isnt(core.send_mail(:'ben', 'tap_link'), null, 'a newer link');
select is(array(select t.voided_at is null from auth.one_time_tokens t where t.kind = 'tap_link' order by t.id), '{f,t}',
          'makes the older one void');
select isnt(core.send_mail(:'ben', 'tap_older'), null, 'a kind that keeps older ones');
select isnt(core.send_mail(:'ben', 'tap_older'), null, 'once more');
select is(array(select t.voided_at is null from auth.one_time_tokens t where t.kind = 'tap_older' order by t.id), '{t,t}',
          'keeps them');

select isnt(core.send_mail(:'anna', 'tap_note', p_dedup => 'monday'), null, 'for an occasion');
select is(core.send_mail(:'anna', 'tap_note', p_dedup => 'monday'), null, 'only once');
select isnt(core.send_mail(:'anna', 'tap_note', p_dedup => 'tuesday'), null, 'but for another');
select isnt(core.send_mail(:'ben', 'tap_note', p_dedup => 'monday'), null, 'and for another user');
select isnt(core.send_mail(:'ben', 'tap_link', p_dedup => 'monday'), null, 'and of another kind');
select is(core.send_mail(:'ben', 'tap_link', p_dedup => 'monday'), null, 'a link as well only once');
select is((select count(*) from auth.one_time_tokens t where t.kind = 'tap_link'), 3::bigint, 'and no token for nothing');

select throws_ok($$ select core.send_mail(base.new_id(), 'tap_note') $$, 'NF001', 'There is no account to write to', 'to nobody');
select throws_ok($$ select core.send_mail(null, 'tap_note') $$, 'NF001', null, 'to null');
select throws_ok($$ select core.send_mail('019e0000-0000-7000-8000-00000000fb01', 'tap_unknown') $$, 'P0002', null,
                 'a kind that is none');
select throws_ok(
  $$ select core.send_mail('019e0000-0000-7000-8000-00000000fb01', 'tap_note', '{}', a) from unnest(array[
       'a@b' || chr(13) || chr(10) || 'Bcc: c@d', 'a@b,c@d', '<a@b>', 'nobody', 'a b@c']) a $$, '23514', null,
  'to what is no address');
select is_empty(
  $$ select a from unnest(array['a@b' || chr(13) || chr(10) || 'Bcc: c@d', 'a@b,c', '<a@b>', 'nobody', 'a b@c', 'a@b@c']) a
      where a ~ '^[^@]+@[^@]+$' and a !~ '[[:space:][:cntrl:]<>(),;:\\"\[\]]' $$, 'each of them');
select set_config('plinth.secret_keys', '', true);
select lives_ok($$ select core.send_mail('019e0000-0000-7000-8000-00000000fb01', 'tap_note') $$, 'without a key a note');
select throws_ok($$ select core.send_mail('019e0000-0000-7000-8000-00000000fb01', 'tap_link') $$, 'SV503', null, 'but no link');
set session authorization plinth_web;
select throws_ok($$ select core.send_mail('019e0000-0000-7000-8000-00000000fb01', 'tap_note') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
