-- http.check_server_role: why the HTTP layer must not run as this login, or in this database.
begin;
select plan(20);

select is(pg_get_function_arguments('http.check_server_role'::regproc), 'p_environment text', 'arguments');
select is(pg_get_function_result('http.check_server_role'::regproc), 'SETOF text', 'result');
select volatility_is('http', 'check_server_role', array['text'], 'stable');
select is_definer('http', 'check_server_role', array['text']);
select function_owner_is('http', 'check_server_role', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.check_server_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.check_server_role'::regproc;

create role tap_server login;
create function pg_temp.reasons(p_environment text)
returns text[] language sql volatile as $$ select array(select c from http.check_server_role(p_environment) c order by 1) $$;
update auth.users set password_hash = null where core.is_default_hash(password_hash);
update base.settings s set value = '12' where s.name = 'password.bcrypt_cost';

-- The login.
set session authorization plinth_web;
select is(pg_temp.reasons('development'), '{}', 'plinth_web may serve');
select is(pg_temp.reasons('production'), '{}', 'also in production');
reset session authorization;

alter role tap_server superuser;
set session authorization tap_server;
select ok('tap_server is a superuser' = any (pg_temp.reasons('development')), 'never a superuser');
reset session authorization;
alter role tap_server nosuperuser;
grant execute on function http.check_server_role(text) to tap_server;
grant usage on schema http, tap to tap_server;
set session authorization tap_server;
select is(pg_temp.reasons('test'), '{"tap_server is not a member of plinth_web"}', 'a stranger');
reset session authorization;
grant plinth_web to tap_server;
set session authorization tap_server;
select is(pg_temp.reasons('test'), '{}', 'a member of plinth_web may serve');
reset session authorization;
alter role tap_server bypassrls;
set session authorization tap_server;
select is(pg_temp.reasons('test'), '{"tap_server has BYPASSRLS"}', 'not past the row policies');
reset session authorization;
alter role tap_server nobypassrls;
grant plinth_operator to tap_server;
set session authorization tap_server;
select is(pg_temp.reasons('test'), '{"tap_server is a member of plinth_operator"}', 'not as who acts for anybody');
reset session authorization;
revoke plinth_operator from tap_server;
grant plinth_owner to tap_server with inherit false;
set session authorization tap_server;
select is(pg_temp.reasons('test'),
          '{"tap_server is a member of plinth_owner","tap_server is a member of plinth_system"}',
          'not as who could become the owner, or through it plinth_system');
reset session authorization;
revoke plinth_owner from tap_server;

-- The database, in production.
insert into auth.users (username, email, password_hash) values
  ('tap_server_renamed', 'tap_server@example.org', '$2a$12$plinthseedsalice00000uorJ0z9B3Z9lqm9lQ4L4iEEVlGNNq5rm'),
  ('tap_server_plain', 'tap_server_b@example.org', '$2a$12$' || repeat('a', 53)),
  ('tap_server_ours', 'tap_server_c@example.org', 'p1$2a$12$' || repeat('a', 53));
update base.settings s set value = '9' where s.name = 'password.bcrypt_cost';
set session authorization plinth_web;
select is(pg_temp.reasons('production'),
  '{"the account tap_server_renamed still has its default password","the setting password.bcrypt_cost is below 10"}',
  'production: no default password under any name, no cheap hashes');
reset session authorization;
update base.settings s set value = '10' where s.name = 'password.bcrypt_cost';
set session authorization plinth_web;
select is(pg_temp.reasons('production'), '{"the account tap_server_renamed still has its default password"}',
  'a cost of 10 will do');
select is(pg_temp.reasons('development'), '{}', 'elsewhere both are allowed');
select is(pg_temp.reasons(null), '{}', 'an environment without a name is not production');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select http.check_server_role('test') $$, '42501', null, 'readers do not ask');
reset session authorization;

select * from finish();
rollback;
