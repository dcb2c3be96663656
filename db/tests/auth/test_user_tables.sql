-- core.user_tables: which tables hold rows of users, how they are found, shown and emptied. The rules that hold for all
-- of them are in surface/test_privacy.sql.
begin;
select plan(15);

select is(pg_get_function_arguments('core.user_tables'::regproc), '', 'arguments');
select is(pg_get_function_result('core.user_tables'::regproc),
  'TABLE(schema_name text, table_name text, on_erase text, rows text, shown text[], emptied text, depth integer, '
  'key text[])', 'result');
select volatility_is('core', 'user_tables', '{}'::text[], 'stable');
select isnt_definer('core', 'user_tables', '{}'::text[]);
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.user_tables'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.user_tables'::regproc;

create temp view found as select format('%s.%s', t.schema_name, t.table_name) as name, t.* from core.user_tables() t;
select results_eq($$ select f.on_erase, f.rows from found f where f.name = 'auth.users' $$,
                  $$ values ('anonymise', 'id = $1') $$, 'the account is found by its id');
select results_eq($$ select f.on_erase, f.rows from found f where f.name = 'auth.sessions' $$,
                  $$ values ('delete', 'user_id = $1') $$, 'a session by its user');
select ok(not f.shown && '{token_hash,refresh_hash}' and f.shown @> '{id,address,user_agent,created_at}',
          'without its hashes') from found f where f.name = 'auth.sessions';
create table auth.tap_part (login text references auth.logins (login));
select is(f.rows, '(login) in (select login from auth.logins where user_id = $1)', 'what has no user along its key')
  from found f where f.name = 'auth.tap_part';
select ok(f.emptied ~ 'password_hash = replace\(NULL' and f.emptied ~ '''erased-\{id\}''' and f.emptied !~ 'status',
          'the account loses what is personal and what is hidden') from found f where f.name = 'auth.users';
select ok((select f.depth from found f where f.name = 'auth.sessions') > (select f.depth from found f where f.name = 'auth.users'),
          'what refers goes before what is referred to');
select results_eq(
  $$ select f.name, f.key from found f where f.name in ('auth.logins', 'auth.totp', 'chat.message_edits') order by 1 $$,
  $$ values ('auth.logins', '{login}'::text[]), ('auth.totp', '{user_id}'), ('chat.message_edits', '{message_id,version}') $$,
  'a row is named by its key without the user, unless there is no more of it');
alter table auth.tap_part add primary key (login);
select is(f.key, '{login}', 'and by all of it where it holds no user') from found f where f.name = 'auth.tap_part';
select is_empty($$ select f.name from found f where f.name in ('auth.roles', 'base.settings', 'http.routes') $$,
                'what is nobody''s is not in it');

select * from finish();
rollback;
