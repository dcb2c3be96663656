-- http.settle_mail: sent is sent; a failure waits longer each time, and is given up in the end.
begin;
select plan(25);

select is(pg_get_function_arguments('http.settle_mail'::regproc),
  'p_user_id uuid, p_id uuid, p_attempt integer, p_error text DEFAULT NULL::text, '
  'p_code integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('http.settle_mail'::regproc), 'void', 'result');
select volatility_is('http', 'settle_mail', array['uuid', 'uuid', 'integer', 'text', 'integer'], 'volatile');
select is_definer('http', 'settle_mail', array['uuid', 'uuid', 'integer', 'text', 'integer']);
select function_owner_is('http', 'settle_mail', array['uuid', 'uuid', 'integer', 'text', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.settle_mail'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.settle_mail'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fb31', 'tap_settle_anna', 'tap_settle_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fb32', 'tap_settle_ben', 'tap_settle_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fb31
\set ben 019e0000-0000-7000-8000-00000000fb32
insert into ops.mail_kinds (kind, description, token_lifetime) values ('tap_link', 'test', '2 hours');
select core.send_mail(:'anna', 'tap_link') as mail \gset
insert into ops.mail_texts (kind, language, subject, body) values ('tap_link', 'en', 'x', 'x');

create function pg_temp.settled(p_attempts integer, p_attempt integer, p_error text default null, p_code integer default null)
returns text language plpgsql as $$
declare
  v_mail ops.outbox;
begin
  update ops.outbox o
     set attempts = p_attempts, sent_at = null, given_up_at = null, last_error = 'before', token_encrypted = 'x',
         next_attempt_at = clock_timestamp()
   where o.kind = 'tap_link';
  perform http.settle_mail(o.user_id, o.id, p_attempt, p_error, p_code) from ops.outbox o where o.kind = 'tap_link';
  select o.* into v_mail from ops.outbox o where o.kind = 'tap_link';
  return concat_ws(' ', case when v_mail.sent_at is not null then 'sent' when v_mail.given_up_at is not null then 'given up'
                             else 'waits' end, case when v_mail.token_encrypted is not null then 'sealed' end,
                   v_mail.last_error);
end
$$;

select is(pg_temp.settled(1, 1), 'sent', 'sent, and the link is forgotten');
select is(pg_temp.settled(2, 1), 'sent', 'also by an attempt that came late');
select is(pg_temp.settled(1, 1, 'connection refused'), 'waits sealed connection refused', 'failed: it waits');
select is(pg_temp.settled(1, 1, '451 later', 451), 'waits sealed 451 later', 'put off by the server: it waits');
select is(pg_temp.settled(1, 1, '550 no such mailbox', 550), 'given up 550 no such mailbox', 'refused by the server: final');
select is(pg_temp.settled(2, 1, 'too late'), 'waits sealed before', 'a failure of an older attempt changes nothing');
select is(pg_temp.settled(20, 20, 'timed out'), 'given up timed out', 'the last attempt is final');
select is(pg_temp.settled(19, 19, 'timed out'), 'waits sealed timed out', 'not the one before');
select is(pg_temp.settled(1, 1, E'x\r\nplo_fb31AAAA-_b' || repeat('y', 600)), 'waits sealed ' || 'x plo_…', 'no link in an error');
select is(length(pg_temp.settled(1, 1, repeat('y ', 600))), length('waits sealed ') + 500, 'and not all of a long one');

-- How long it waits: least and most, in seconds.
create function pg_temp.waits(p_attempt integer) returns text language plpgsql as $$
declare
  v_min double precision := 1e9;
  v_max double precision := 0;
  v_now double precision;
begin
  for i in 1 .. 200 loop
    perform pg_temp.settled(p_attempt, p_attempt, 'x');
    select extract(epoch from o.next_attempt_at - clock_timestamp()) into v_now from ops.outbox o where o.kind = 'tap_link';
    v_min := least(v_min, v_now);
    v_max := greatest(v_max, v_now);
  end loop;
  -- Of 200 draws from the upper half the longest is within a tenth of the whole.
  return (select format('up to %s', l) from unnest(array[30, 120, 3600]) l
           where v_max between 0.9 * l - 1 and l and v_min between 0.5 * l - 1 and 0.6 * l);
end
$$;
select is(pg_temp.waits(1), 'up to 30', 'half a minute');
select is(pg_temp.waits(3), 'up to 120', 'doubled twice');
select is(pg_temp.waits(19), 'up to 3600', 'at most an hour');

update ops.outbox o set sent_at = now(), token_encrypted = null, last_error = null where o.kind = 'tap_link';
select http.settle_mail(:'anna', :'mail', o.attempts, 'late', 550) from ops.outbox o where o.kind = 'tap_link';
select is(o.last_error, null, 'what was sent stays sent') from ops.outbox o where o.kind = 'tap_link';
update ops.outbox o set sent_at = null, given_up_at = now() where o.kind = 'tap_link';
select http.settle_mail(:'anna', :'mail', o.attempts, 'late') from ops.outbox o where o.kind = 'tap_link';
select is(o.given_up_at, now(), 'what was given up waits no more') from ops.outbox o where o.kind = 'tap_link';
update ops.outbox o set given_up_at = null where o.kind = 'tap_link';
select http.settle_mail(:'ben', :'mail', 19), http.settle_mail(:'anna', base.new_id(), 19), http.settle_mail(null, null, null);
select is(o.sent_at, null, 'another user''s, another''s, nobody''s: nothing') from ops.outbox o where o.kind = 'tap_link';
set session authorization plinth_web;
select http.settle_mail('019e0000-0000-7000-8000-00000000fb31', :'mail', 19);
reset session authorization;
select isnt(o.sent_at, null, 'the worker''s login may') from ops.outbox o where o.kind = 'tap_link';
set session authorization plinth_reader;
select throws_ok($$ select http.settle_mail(null, null, null) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
