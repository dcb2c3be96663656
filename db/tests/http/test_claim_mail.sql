-- http.claim_mail: what is due, rendered, once; what cannot be sent any more is given up.
begin;
select plan(29);

select is(pg_get_function_arguments('http.claim_mail'::regproc),
  'p_public_url text, p_limit integer DEFAULT 10', 'arguments');
select is(pg_get_function_result('http.claim_mail'::regproc), 'json', 'result');
select volatility_is('http', 'claim_mail', array['text', 'integer'], 'volatile');
select is_definer('http', 'claim_mail', array['text', 'integer']);
select function_owner_is('http', 'claim_mail', array['text', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.claim_mail'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.claim_mail'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fb21', 'tap_claim_anna', 'tap_claim_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fb22', 'tap_claim_ben', 'tap_claim_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fb21
\set ben 019e0000-0000-7000-8000-00000000fb22
delete from ops.outbox;
insert into ops.mail_kinds (kind, description, token_lifetime) values
  ('tap_note', 'test', null), ('tap_link', 'test', '2 hours');
insert into ops.mail_texts (kind, language, subject, body) values
  ('tap_note', 'en', 'Note {n}', '{username} at {address}'),
  ('tap_link', 'en', 'Link', '{public_url}/x#{token} {hours} {minutes} {days} {email}');

create function pg_temp.claimed(p_limit integer default 10) returns table (kind text, attempt integer, mail json)
language sql volatile as $$
  select o.kind, (m.mail ->> 'attempt')::integer, m.mail
    from json_array_elements(http.claim_mail('https://app.example/', p_limit)) m (mail)
    left join ops.outbox o on o.id = (m.mail ->> 'id')::uuid and o.user_id = (m.mail ->> 'user_id')::uuid
$$;
create function pg_temp.state() returns setof text language sql volatile as $$
  select concat_ws(' ', o.kind, o.payload ->> 'n', o.attempts, case when o.given_up_at is not null then 'given up' end,
                   case when o.token_encrypted is not null then 'sealed' end, o.last_error)
    from ops.outbox o order by o.id
$$;

select is(http.claim_mail('https://app.example')::text, null, 'nothing waits');
select core.send_mail(:'anna', 'tap_note', '{"n": 1}'), core.send_mail(:'ben', 'tap_link', '{"email": "new@example.org"}',
                                                                        'new@example.org');
-- The row says by when a worker has to report.
create temp table first as select c.* from pg_temp.claimed() c;
select results_eq(
  $$ select f.kind, f.attempt, f.mail ->> 'address', f.mail ->> 'subject', f.mail ->> 'body' from first f
      where f.kind = 'tap_note' $$,
  $$ values ('tap_note', 1, 'tap_claim_anna@example.org', 'Note 1', 'tap_claim_anna at tap_claim_anna@example.org') $$,
  'a note, rendered');
select results_eq(
  $$ select f.mail ->> 'address', regexp_replace(f.mail ->> 'body', 'plo_\w{4}[\w-]{49}', 'TOKEN') from first f
      where f.kind = 'tap_link' $$,
  $$ values ('new@example.org', 'https://app.example/x#TOKEN 2 120 0 new@example.org') $$, 'a link, with its token');
select is((core.use_one_time_token('tap_link', substring(f.mail ->> 'body' from 'plo_[\w-]+'))).user_id,
          '019e0000-0000-7000-8000-00000000fb22', 'which is the one that works') from first f where f.kind = 'tap_link';
select is_empty($$ select o from ops.outbox o where strpos(o::text, (
                     select substring(f.mail ->> 'body' from 'plo_[\w-]+') from first f where f.kind = 'tap_link')) > 0 $$,
                'and is not in the table');
select is_empty('select * from pg_temp.claimed()', 'handed out once');
select ok(bool_and(o.next_attempt_at between clock_timestamp() + interval '55 s' and clock_timestamp() + interval '60 s'),
          'for a minute') from ops.outbox o;

update ops.outbox o set next_attempt_at = clock_timestamp();
select results_eq('select c.kind, c.attempt from pg_temp.claimed() c', $$ values ('tap_note', 2) $$,
                  'not reported: due again; not so the link that was used');
select set_eq('select pg_temp.state()', array['tap_note 1 2', 'tap_link 1 given up Its link is no longer good'],
              'which is given up and forgotten');

update ops.outbox o set next_attempt_at = clock_timestamp() where o.given_up_at is not null;
select is_empty('select * from pg_temp.claimed()', 'what is given up never comes again');
select set_eq('select pg_temp.state()', array['tap_note 1 2', 'tap_link 1 given up Its link is no longer good'],
              'and stays as it is');
update ops.outbox o set sent_at = now(), next_attempt_at = clock_timestamp() where o.given_up_at is null;
select is_empty('select * from pg_temp.claimed()', 'nor does what was sent');
update ops.outbox o set sent_at = null, next_attempt_at = clock_timestamp() + interval '1 minute' where o.given_up_at is null;

-- A message without a link has none, also behind one that has.
delete from ops.outbox;
insert into ops.mail_kinds (kind, description, token_lifetime) values ('tap_bare', 'test', null);
insert into ops.mail_texts (kind, language, subject, body) values ('tap_bare', 'en', 'Bare', '[{token}]');
select core.send_mail(:'ben', 'tap_link', '{"email": "new@example.org"}', 'new@example.org'), core.send_mail(:'anna', 'tap_bare');
update ops.outbox o set next_attempt_at = clock_timestamp() - case o.kind when 'tap_link' then interval '2 s' else '1 s' end;
select results_eq($$ select c.kind, c.mail ->> 'body' ~ 'plo_' from pg_temp.claimed() c $$,
                  $$ values ('tap_link', true), ('tap_bare', false) $$, 'nobody gets another''s link');

-- Order and limit.
delete from ops.outbox;
select core.send_mail(:'anna', 'tap_note', jsonb_build_object('n', n)) from generate_series(1, 3) n;
update ops.outbox o set next_attempt_at = clock_timestamp() - make_interval(secs => (o.payload ->> 'n')::integer);
select is(array(select c.mail ->> 'subject' from pg_temp.claimed(2) c), '{Note 3,Note 2}', 'the longest due first, so many');
update ops.outbox o set next_attempt_at = clock_timestamp() + interval '1 s';
select is(http.claim_mail('https://app.example')::text, null, 'not before it is due');

-- What cannot be sent any more.
delete from ops.outbox;
select core.send_mail(:'anna', 'tap_link', '{"n": 1}'), core.send_mail(:'anna', 'tap_link', '{"n": 2}'),
       core.send_mail(:'ben', 'tap_link', '{"n": 3}'), core.send_mail(:'ben', 'tap_note', '{"n": 4}');
update auth.one_time_tokens t set created_at = now() - interval '2 hours', expires_at = now() - interval '1 s'
 where t.payload ->> 'n' = '3';
update ops.outbox o set attempts = 20, last_error = '451 later' where o.payload ->> 'n' = '4';
select results_eq($$ select c.kind, c.mail #>> '{body}' ~ 'plo_' from pg_temp.claimed() c $$, $$ values ('tap_link', true) $$,
                  'only the newest link');
select set_eq('select pg_temp.state()', array[
  'tap_link 1 0 given up Its link is no longer good', 'tap_link 2 1 sealed',
  'tap_link 3 0 given up Its link is no longer good', 'tap_note 4 20 given up 20 attempts came to nothing; 451 later'],
  'replaced, run out, tried too often: each with its reason');

delete from ops.outbox;
select core.send_mail(:'anna', 'tap_link'), core.send_mail(:'ben', 'tap_note');
update ops.outbox o set token_encrypted = set_byte(o.token_encrypted, 30, 1 + get_byte(o.token_encrypted, 30) % 255)
 where o.kind = 'tap_link';
select is(array(select c.kind from pg_temp.claimed() c), '{tap_note}', 'an altered token holds up no other message');
select ok('tap_link 0 given up This secret was altered, or written for another purpose' in (select pg_temp.state()),
          'and is given up');

-- The login of the layer alone, without the keys, reads no link.
delete from ops.outbox;
select core.send_mail(:'anna', 'tap_link');
select set_config('plinth.secret_keys', '', true);
set session authorization plinth_web;
select throws_ok($$ select http.claim_mail('https://app.example') $$, 'SV503', null, 'without keys no link');
reset session authorization;
select set_config('plinth.secret_keys', '0a0a0a0a:' || repeat('0b', 32), true);
set session authorization plinth_web;
select is(http.claim_mail('https://app.example')::text, null, 'with another key neither');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.claim_mail('https://app.example') $$, '42501', null, 'a reader takes nothing');
reset session authorization;

select * from finish();
rollback;
