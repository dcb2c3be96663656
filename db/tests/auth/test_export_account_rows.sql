-- api.export_account_rows: everything that is held of one account, line by line, for an administrator.
begin;
select plan(23);

select is(pg_get_function_arguments('api.export_account_rows'::regproc), 'p_id uuid, p_after text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.export_account_rows'::regproc), 'TABLE(line json, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.export_account_rows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.export_account_rows'::regproc;
select is(concat_ws(' ', r.method, r.path, r.auth, r.permission, r.result, r.lane, r.once, r.cost),
          'POST /v1/users/{id}/export/rows session users:export stream slow never 10', 'its route')
  from http.routes r where r.function_name = 'api.export_account_rows';

insert into auth.roles (name, description, permissions) values ('tap_rows_support', 'Tests', '["users:read", "users:write"]');
insert into auth.users (id, username, email, status) values
  ('019e0000-0000-7000-8000-00000000fd01', 'tap_rows_admin', 'tap_rows_admin@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000fd02', 'tap_rows_anna', 'tap_rows_anna@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000fd03', 'tap_rows_gone', 'tap_rows_gone@example.org', 'erased'),
  ('019e0000-0000-7000-8000-00000000fd04', 'tap_rows_support', 'tap_rows_support@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000fd05', 'tap_rows_other', 'tap_rows_other@example.org', 'active');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000fd01', 'administrator'), ('019e0000-0000-7000-8000-00000000fd05', 'administrator'),
  ('019e0000-0000-7000-8000-00000000fd04', 'tap_rows_support');
create function pg_temp.ask(p_caller text, p_request text) returns text language sql as $$
  select set_config('plinth.context', concat(E'\x1f', p_request, E'\x1f\x1f'), true)
      || set_config('plinth.caller', '019e0000-0000-7000-8000-00000000' || p_caller, true)
$$;
create function pg_temp.trail() returns text language sql as $$
  select string_agg(concat_ws(' ', right(l.actor_id::text, 4), l.request_id), ', ' order by l.id)
    from compat.audit_logs l
   where l.action = 'user.exported' and l.user_id = '019e0000-0000-7000-8000-00000000fd02'
     and l.entity_id = '019e0000-0000-7000-8000-00000000fd02'
$$;

set session authorization plinth_web;
select throws_ok($$ select api.export_account_rows('019e0000-0000-7000-8000-00000000fd02') $$, 'UN001', null,
                 'nobody is signed in');
reset session authorization;
select pg_temp.ask('fd04', 'r0');
set session authorization plinth_web;
select throws_ok($$ select api.export_account_rows('019e0000-0000-7000-8000-00000000fd02') $$, 'NP001',
                 'This needs the permission users:export', 'who sees accounts does not see what is in them');
reset session authorization;
select pg_temp.ask('fd01', 'r1');
set session authorization plinth_web;
select results_eq(
  $$ select string_agg(e.line #>> '{row,username}', ' '), string_agg(e.line::text, '') ~ 'tap_rows_(other|gone|support)'
       from api.export_account_rows('019e0000-0000-7000-8000-00000000fd02') e $$,
  $$ values ('tap_rows_anna', false) $$, 'of that account, and of no other');
select is(current_setting('plinth.caller'), '019e0000-0000-7000-8000-00000000fd01', 'afterwards the caller is who it was');
select throws_ok($$ select api.export_account_rows('019e0000-0000-7000-8000-00000000fd03') $$, 'NF001', null, 'an erased account');
select throws_ok($$ select api.export_account_rows(null) $$, 'NF001', null, 'nobody');
select throws_ok($$ select api.export_account_rows('019e0000-0000-7000-8000-00000000fd02', 'x') $$, 'VL001',
                 'after must be a place in this export', 'no place');
reset session authorization;
select is(pg_temp.trail(), 'fd01 r1', 'who looked is on record');

-- Once for all pages of a request; whatever else asks is on record, too.
create function pg_temp.page() returns text language sql as $$
  select e.line ->> 'table'
    from api.export_account_rows('019e0000-0000-7000-8000-00000000fd02', '["auth.logins", "tap_rows_anna"]') e limit 1
$$;
select is(pg_temp.page(), 'auth.logins', 'behind a place comes the rest');
select is(pg_temp.trail(), 'fd01 r1', 'a further page is of the same request');
select pg_temp.ask('fd01', 'r2');
select is(pg_temp.page(), 'auth.logins', 'another request that goes on');
select is(pg_temp.trail(), 'fd01 r1, fd01 r2', 'is on record');
select pg_temp.ask('fd05', 'r2');
select is(pg_temp.page(), 'auth.logins', 'another administrator, by the same name of a request');
select is(pg_temp.trail(), 'fd01 r1, fd01 r2, fd05 r2', 'is on record');
select pg_temp.ask('fd01', 'r3');
select count(*) from api.export_account_rows('019e0000-0000-7000-8000-00000000fd05');
select is(pg_temp.page(), 'auth.logins', 'a further page of what this request did not begin');
select is(pg_temp.trail(), 'fd01 r1, fd01 r2, fd05 r2, fd01 r3', 'is on record');
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select is(pg_temp.page() || pg_temp.page(), 'auth.loginsauth.logins', 'an operator');
reset session authorization;
select is(pg_temp.trail(), 'fd01 r1, fd01 r2, fd05 r2, fd01 r3, , ', 'is on record with each page');

select * from finish();
rollback;
