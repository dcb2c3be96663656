-- ops.outbox: mail that waits. What a row may be, and per role and verb exactly what it may.
begin;
select plan(12);

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fb11', 'tap_outbox_anna', 'tap_outbox_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fb12', 'tap_outbox_ben', 'tap_outbox_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fb11
\set ben 019e0000-0000-7000-8000-00000000fb12
insert into ops.mail_kinds (kind, description) values ('tap_note', 'test');
insert into ops.outbox (user_id, kind, language, address)
select u.id, 'tap_note', 'en', u.email from auth.users u where u.id::text ~ 'fb1[12]$';

create function pg_temp.reach(p_statement text) returns text language plpgsql as $$
declare
  v_rows bigint;
begin
  execute p_statement;
  get diagnostics v_rows = row_count;
  return v_rows::text;
exception when insufficient_privilege then
  return 'refused';
end
$$;
create temp table attempt (n serial, statement text);
insert into attempt (statement) values
  ($$ select from ops.outbox o where o.kind = 'tap_note' $$),
  ($$ update ops.outbox o set sent_at = now() where o.kind = 'tap_note' $$),
  ($$ insert into ops.outbox (user_id, kind, language, address)
      values ('019e0000-0000-7000-8000-00000000fb12', 'tap_note', 'en', 'a@example.org') $$),
  ($$ delete from ops.outbox o where o.kind = 'tap_note' $$),
  ($$ delete from ops.mail_texts $$),
  ($$ update ops.mail_kinds k set token_lifetime = '1 hour' $$);
grant select on attempt to public;
create function pg_temp.reached() returns text language sql as $$
  select string_agg(pg_temp.reach(a.statement), ' ' order by a.n) from (select * from attempt where n <= 4 order by n) a
$$;
grant execute on function pg_temp.reach(text), pg_temp.reached() to public;

set session authorization plinth_web;
select is(pg_temp.reached(), 'refused refused refused refused', 'the layer: nothing');
reset session authorization;
set session authorization plinth_reader;
select is(pg_temp.reached(), 'refused refused refused refused', 'readers: nothing');
reset session authorization;
set session authorization plinth_operator;
select is(pg_temp.reached(), '2 refused refused refused', 'operators look');
reset session authorization;
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fb11', true);
set role plinth_owner;
select is(pg_temp.reached(), '1 1 refused 1', 'the owner: the caller''s own');
reset role;
select set_config('plinth.caller', '', true);
set role plinth_owner;
select is(pg_temp.reached(), '0 0 refused 0', 'the owner without a caller: nothing');
reset role;
set role plinth_system;
select is(array(select pg_temp.reach(a.statement) from attempt a order by a.n), '{1,1,1,2,refused,refused}',
          'plinth_system: all messages; it removes no text and changes no kind');
reset role;

select throws_ok(
  $$ insert into ops.outbox (user_id, kind, language, address)
     values ('019e0000-0000-7000-8000-00000000fb11', 'tap_unknown', 'en', 'a@example.org') $$, '23503', null,
  'a message is of a known kind');
select throws_ok(
  $$ insert into ops.outbox (user_id, kind, language, address, sent_at, given_up_at)
     values ('019e0000-0000-7000-8000-00000000fb11', 'tap_note', 'en', 'a@example.org', now(), now()) $$, '23514', null,
  'sent or given up, not both');
select throws_ok(
  $$ insert into ops.mail_texts values ('tap_note', 'en', 'a' || chr(10) || 'Bcc: b@c', 'x') $$, '23514', null,
  'a subject is one line');

-- The texts that are shipped.
select is_empty($$ select k.kind from ops.mail_kinds k where k.kind !~ '^tap_' and not exists (
                     select from ops.mail_texts t where t.kind = k.kind and t.language = 'en') $$,
                'every kind has a text');
select is_empty(
  $$ select t.kind, t.language from ops.mail_texts t join ops.mail_kinds k on k.kind = t.kind
      where (k.token_lifetime is not null) is distinct from (t.body ~ '#[a-z-]+=\{token\}') $$,
  'that brings the link of its kind, behind a # that no server ever sees');
insert into ops.outbox (user_id, kind, language, address)
select u.id, 'tap_note', 'en', u.email from auth.users u where u.id::text ~ 'fb1[12]$';
delete from auth.users u where u.id = :'ben';
select is(array(select o.user_id from ops.outbox o where o.kind = 'tap_note'), array[:'anna'::uuid],
          'with an account its messages go');

select * from finish();
rollback;
