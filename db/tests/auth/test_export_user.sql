-- api.export_user: everything the database holds of the caller.
begin;
select plan(16);

select is(pg_get_function_arguments('api.export_user'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.export_user'::regproc),
  'TABLE(user_id uuid, exported_at timestamp with time zone, tables json)', 'result');
select volatility_is('api', 'export_user', array['uuid'], 'stable');
select is_definer('api', 'export_user', array['uuid']);
select function_owner_is('api', 'export_user', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.export_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.export_user'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000e101', 'tap_takeout_anna', 'tap_takeout_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000e102', 'tap_takeout_ben', 'tap_takeout_ben@example.org');

set session authorization plinth_web;
select throws_ok($$ select api.export_user('019e0000-0000-7000-8000-00000000e101') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e101', true);
select results_eq(
  $$ select e.user_id, e.exported_at, e.tables::jsonb #>> '{auth.users,0,username}'
       from api.export_user('019e0000-0000-7000-8000-00000000e101') e $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000e101', now(), 'tap_takeout_anna') $$, 'the caller''s own');
select throws_ok($$ select api.export_user('019e0000-0000-7000-8000-00000000e102') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is((select e.tables::jsonb #>> '{auth.users,0,username}' from api.export_user('019e0000-0000-7000-8000-00000000e102') e),
          'tap_takeout_ben', 'operator: the user that is named');
select is((select e.tables::jsonb #>> '{auth.users,0,username}' from api.export_user('019e0000-0000-7000-8000-00000000e101') e),
          'tap_takeout_anna', 'operator: another');
select is((select e.tables::jsonb -> 'auth.users' from api.export_user('019e0000-0000-7000-8000-00000000e1ff') e),
          '[]'::jsonb, 'of nobody there is nothing');
select throws_ok($$ select api.export_user(null) $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;
select base.set_setting('account.export_bytes', '0');
set session authorization plinth_operator;
select throws_ok($$ select api.export_user('019e0000-0000-7000-8000-00000000e102') $$, 'KC010', null,
                 'too much for one document');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.export_user('019e0000-0000-7000-8000-00000000e101') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
