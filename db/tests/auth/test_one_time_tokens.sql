-- auth.one_time_tokens: what a row may be, and who may see or change it.
begin;
select plan(6);

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fa31', 'tap_tokens_anna', 'tap_tokens_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fa32', 'tap_tokens_ben', 'tap_tokens_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fa31
\set ben 019e0000-0000-7000-8000-00000000fa32
insert into auth.one_time_tokens (user_id, kind, token_hash, expires_at)
select u.id, 'tap_kind', sha256(u.id::text::bytea), now() + interval '1 hour' from auth.users u
 where u.id::text ~ 'fa3[12]$';

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
  ($$ select from auth.one_time_tokens t where t.user_id::text ~ 'fa3[12]$' $$),
  ($$ update auth.one_time_tokens t set used_at = now() where t.user_id::text ~ 'fa3[12]$' $$),
  ($$ insert into auth.one_time_tokens (user_id, kind, token_hash, expires_at)
      values ('019e0000-0000-7000-8000-00000000fa32', 'tap_x', sha256('x'), now() + interval '1 h') $$),
  ($$ delete from auth.one_time_tokens t where t.user_id::text ~ 'fa3[12]$' $$);
grant select on attempt to public;
create function pg_temp.reached() returns text language sql as $$
  select string_agg(pg_temp.reach(a.statement), ' ' order by a.n) from (select * from attempt order by n) a
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
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fa31', true);
set role plinth_owner;
select is(pg_temp.reached(), '1 1 refused 1', 'the owner: the caller''s own');
reset role;
select set_config('plinth.caller', '', true);
set role plinth_owner;
select is(pg_temp.reached(), '0 0 refused 0', 'the owner without a caller: nothing');
reset role;
set role plinth_system;
select is(pg_temp.reached(), '1 1 1 2', 'plinth_system: all');
reset role;

select * from finish();
rollback;
