-- Row policies of auth: per role and verb exactly what it may, over everybody's rows or the caller's own.
begin;
select plan(16);

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ad01', 'tap_rows_anna', 'tap_rows_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000ad02', 'tap_rows_ben', 'tap_rows_ben@example.org');
insert into auth.user_roles (user_id, role)
select u.id, 'user' from auth.users u where u.username like 'tap\_rows%';
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select u.id, sha256(u.username::bytea), sha256(u.email::bytea), now(), now() from auth.users u
 where u.username like 'tap\_rows%';

-- How many of the two users' rows a statement sees or changes; its error, when it is refused.
create function pg_temp.reach(p_statement text)
returns text
language plpgsql
as $$
declare
  v_rows bigint;
begin
  execute p_statement;
  get diagnostics v_rows = row_count;
  return v_rows;
exception when insufficient_privilege then
  return 'refused';
end
$$;
create temp table attempt (n integer generated always as identity, what text, statement text);
insert into attempt (what, statement) values
  ('read users',      $$ select from auth.users where username like 'tap\_rows%' $$),
  ('read logins',     $$ select from auth.logins where login like 'tap\_rows%' $$),
  ('read roles',      $$ select from auth.user_roles where user_id::text like '019e%00ad__' $$),
  ('read sessions',   $$ select from auth.sessions where user_id::text like '019e%00ad__' $$),
  ('update users',    $$ update auth.users set login_count = 5 where username like 'tap\_rows%' $$),
  ('update logins',   $$ update auth.logins set login = login where login like 'tap\_rows%' $$),
  ('update roles',    $$ update auth.user_roles set role = role where user_id::text like '019e%00ad__' $$),
  ('update sessions', $$ update auth.sessions set last_seen_at = now() where user_id::text like '019e%00ad__' $$),
  ('insert own',      $$ insert into auth.user_roles (user_id, role)
                         values ('019e0000-0000-7000-8000-00000000ad01', 'readonly') $$),
  ('insert other',    $$ insert into auth.user_roles (user_id, role)
                         values ('019e0000-0000-7000-8000-00000000ad02', 'readonly') $$),
  ('insert user',     $$ insert into auth.users (id, username, email)
                         values ('019e0000-0000-7000-8000-00000000ad03', 'tap_rows_new', 'tap_rows_n@example.org') $$),
  ('insert session',  $$ insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
                         values ('019e0000-0000-7000-8000-00000000ad02', sha256('a'), sha256('b'), now(), now()) $$),
  ('delete roles',    $$ delete from auth.user_roles where user_id::text like '019e%00ad__' $$),
  ('delete sessions', $$ delete from auth.sessions where user_id::text like '019e%00ad__' $$),
  ('delete users',    $$ delete from auth.users where username like 'tap\_rows%' $$);
grant select on attempt to public;

-- All attempts of one role, each undone before the next.
create function pg_temp.reached()
returns table (what text, rows text)
language plpgsql
as $$
declare
  v_attempt attempt;
begin
  for v_attempt in select * from attempt order by n loop
    what := v_attempt.what;
    begin
      rows := pg_temp.reach(v_attempt.statement);
      raise exception 'undo' using errcode = 'TPUND';
    exception when sqlstate 'TPUND' then null;
    end;
    return next;
  end loop;
end
$$;

-- The owner, whose functions serve the caller.
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ad01', true);
set role plinth_owner;
select results_eq('select * from pg_temp.reached()', $$ values
  ('read users', '1'), ('read logins', '2'), ('read roles', '1'), ('read sessions', '1'),
  ('update users', '1'), ('update logins', '2'), ('update roles', '1'), ('update sessions', '1'),
  ('insert own', '1'), ('insert other', 'refused'), ('insert user', 'refused'), ('insert session', 'refused'),
  ('delete roles', '1'), ('delete sessions', '1'), ('delete users', '1') $$, 'the owner: the caller''s own rows');
reset role;
select set_config('plinth.caller', '', true);
set role plinth_owner;
select results_eq('select * from pg_temp.reached()', $$ values
  ('read users', '0'), ('read logins', '0'), ('read roles', '0'), ('read sessions', '0'),
  ('update users', '0'), ('update logins', '0'), ('update roles', '0'), ('update sessions', '0'),
  ('insert own', 'refused'), ('insert other', 'refused'), ('insert user', 'refused'), ('insert session', 'refused'),
  ('delete roles', '0'), ('delete sessions', '0'), ('delete users', '0') $$, 'the owner: without a caller, nothing');
reset role;

-- What its reviewed functions need, and no verb more.
set role plinth_system;
select results_eq('select * from pg_temp.reached()', $$ values
  ('read users', '2'), ('read logins', '4'), ('read roles', '2'), ('read sessions', '2'),
  ('update users', '2'), ('update logins', '4'), ('update roles', 'refused'), ('update sessions', '2'),
  ('insert own', '1'), ('insert other', '1'), ('insert user', '1'), ('insert session', '1'),
  ('delete roles', '2'), ('delete sessions', '2'), ('delete users', 'refused') $$,
  'plinth_system: across users, verb by verb');
reset role;

set session authorization plinth_operator;
select results_eq('select * from pg_temp.reached()', $$ values
  ('read users', '2'), ('read logins', '4'), ('read roles', '2'), ('read sessions', '2'),
  ('update users', 'refused'), ('update logins', 'refused'), ('update roles', 'refused'),
  ('update sessions', 'refused'),
  ('insert own', 'refused'), ('insert other', 'refused'), ('insert user', 'refused'), ('insert session', 'refused'),
  ('delete roles', 'refused'), ('delete sessions', 'refused'), ('delete users', 'refused') $$, 'operators look');
reset session authorization;

-- A caller makes no difference to those two: they may touch no table.
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ad01', true);
set session authorization plinth_web;
select results_eq($$ select distinct r.rows from pg_temp.reached() r $$, $$ values ('refused') $$,
                  'the layer: nothing');
reset session authorization;
set session authorization plinth_reader;
select results_eq($$ select distinct r.rows from pg_temp.reached() r $$, $$ values ('refused') $$, 'readers: nothing');
reset session authorization;

-- Rules of the tables themselves.
select throws_ok($$ update auth.users set status = 'asleep' where username = 'tap_rows_anna' $$, '23514', null,
                 'no such status');
select throws_ok($$ update auth.users set tier = 'gold' where username = 'tap_rows_anna' $$, '23503', null,
                 'no such plan');
select throws_ok($$ update auth.users set metadata = '[]' where username = 'tap_rows_anna' $$, '23514', null,
                 'metadata is an object');
select throws_ok($$ update auth.user_roles set role = 'king' where user_id::text like '019e%00ad__' $$, '23503', null,
                 'no such role');
-- PostgreSQL 18 tells RESTRICT apart from a missing key; both are 409 to a caller.
select throws_ok($$ delete from auth.roles where name = 'user' $$,
  case when current_setting('server_version_num')::integer >= 180000 then '23001' else '23503' end, null,
  'a role that somebody has stays');
select throws_ok($$ update auth.sessions set token_hash = 'short' where user_id::text like '019e%00ad__' $$,
                 '23514', null, 'a digest has 32 bytes');
select throws_ok($$ update auth.sessions set ended_at = now() where user_id::text like '019e%00ad__' $$,
                 '23514', null, 'an end has a reason');
select throws_ok($$ update auth.sessions set token_hash = sha256('x') where user_id::text like '019e%00ad__' $$,
                 '23505', null, 'a token belongs to one session');
update auth.users set login_count = login_count + 1, last_login_at = now() where username = 'tap_rows_anna';
select is((select u.version from auth.users u where u.username = 'tap_rows_anna'), 1, 'a sign-in is no new version');
update auth.users set password_hash = 'x' where username = 'tap_rows_anna';
select is((select u.version from auth.users u where u.username = 'tap_rows_anna'), 2, 'a new password is');

select * from finish();
rollback;
