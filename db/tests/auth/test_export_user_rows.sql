-- api.export_user_rows: everything the database holds of the caller, line by line.
begin;
select plan(14);

select is(pg_get_function_arguments('api.export_user_rows'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.export_user_rows'::regproc), 'TABLE(line json, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.export_user_rows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.export_user_rows'::regproc;
select is(concat_ws(' ', r.method, r.path, r.auth, r.permission, r.result, r.lane, r.cost),
          'GET /v1/me/export/rows session self:read stream slow 10', 'its route')
  from http.routes r where r.function_name = 'api.export_user_rows';

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000e201', 'tap_takeout_cleo', 'tap_takeout_cleo@example.org'),
  ('019e0000-0000-7000-8000-00000000e202', 'tap_takeout_dora', 'tap_takeout_dora@example.org');

set session authorization plinth_web;
select throws_ok($$ select api.export_user_rows('019e0000-0000-7000-8000-00000000e201') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e201', true);
select results_eq(
  $$ select e.line ->> 'table', e.line #>> '{row,username}' from api.export_user_rows('019e0000-0000-7000-8000-00000000e201') e
      limit 1 $$,
  $$ values ('auth.users', 'tap_takeout_cleo') $$, 'the caller''s own');
select is((select string_agg(e.line ->> 'table', ' ') from
             api.export_user_rows('019e0000-0000-7000-8000-00000000e201', '["auth.logins", "tap_takeout_cleo"]') e
            where e.line ->> 'table' ~ '^auth'), 'auth.logins', 'behind a place: the other login');
select throws_ok($$ select api.export_user_rows('019e0000-0000-7000-8000-00000000e201', 'x') $$, 'VL001',
                 'after must be a place in this export', 'no place');
select throws_ok($$ select api.export_user_rows('019e0000-0000-7000-8000-00000000e202') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is((select string_agg(e.line #>> '{row,username}', ' ') from api.export_user_rows('019e0000-0000-7000-8000-00000000e202') e),
          'tap_takeout_dora', 'operator: the user that is named');
select is_empty($$ select api.export_user_rows('019e0000-0000-7000-8000-00000000e2ff') $$, 'of nobody there is nothing');
select throws_ok($$ select api.export_user_rows(null) $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.export_user_rows('019e0000-0000-7000-8000-00000000e201') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
