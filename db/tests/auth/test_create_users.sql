-- api.create_users: many accounts at once, each by itself or all or nothing.
begin;
select plan(26);

select is(pg_get_function_arguments('api.create_users'::regproc),
  'p_users jsonb, p_all_or_nothing boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('api.create_users'::regproc),
  'TABLE(created integer, failed integer, items jsonb)', 'result');
select volatility_is('api', 'create_users', array['jsonb', 'boolean'], 'volatile');
select is_definer('api', 'create_users', array['jsonb', 'boolean']);
select function_owner_is('api', 'create_users', array['jsonb', 'boolean'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_users'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_users'::regproc;

create function pg_temp.account(p_name text, p_more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('username', 'tap_many_' || p_name, 'email', format('tap_many_%s@example.org', p_name)) || p_more
$$;
create temp view many as select array_agg(substr(u.username, 10) order by u.username) as names from auth.users u
  where u.username ~ '^tap_many_';
grant select on many to plinth_web, plinth_operator;
set session authorization plinth_web;
select throws_ok($$ select api.create_users('[{}]') $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
select throws_ok($$ select api.create_users('[{}]') $$, 'NP001', null, 'permission missing');
reset session authorization;
select set_config('plinth.caller', '', true);

create temp table answer as
select * from api.create_users(jsonb_build_array(
  pg_temp.account('anna', '{"id": "019e0000-0000-7000-8000-00000000fd01"}'), pg_temp.account('anna'), pg_temp.account('b_'),
  pg_temp.account('carl', '{"odd": 1}'), '7'::jsonb, pg_temp.account('dora')));
select results_eq('select a.created, a.failed from answer a', 'values (2, 4)', 'two of six');
select is(array(select concat_ws(' ', i ->> 'row', i ->> 'status', i ->> 'code', i ->> 'field')
  from answer a, jsonb_array_elements(a.items) i),
          '{"0 created","1 failed KC001 username","2 failed VL001 username","3 failed VL002 odd",'
          '"4 failed VL001 users","5 created"}',
          'each tells how it went');
select is(a.items #>> '{0,id}', '019e0000-0000-7000-8000-00000000fd01', 'and which it is') from answer a;
select is(m.names, '{anna,dora}', 'those two are there') from many m;
select throws_ok(
  $$ select api.create_users(jsonb_build_array(pg_temp.account('emil'), pg_temp.account('dora')), true) $$,
  'KC001', 'The username is taken', 'all or nothing');
select is(m.names, '{anna,dora}', 'nothing') from many m;
select throws_ok($$ select api.create_users(jsonb_build_array(pg_temp.account('emil', '{"odd": 1}')), true) $$,
  'VL002', 'odd is not a field of a new account', 'a field that is none');
create function pg_temp.field_of(p_users jsonb) returns text language plpgsql as $$
declare v_field text;
begin
  perform api.create_users(p_users, true);
  return null;
exception when others then
  get stacked diagnostics v_field = column_name;
  return v_field;
end
$$;
select is(pg_temp.field_of(jsonb_build_array(pg_temp.account('emil'), pg_temp.account('dora'))), 'users[1].username',
          'the error names row and field');
select is(pg_temp.field_of(jsonb_build_array(pg_temp.account('emil'), '7'::jsonb)), 'users[1]', 'or the row');
select results_eq($$ select a.created, a.failed from api.create_users(jsonb_build_array(pg_temp.account('emil')), true) a $$,
          'values (1, 0)',
                  'or all');
-- Two imports of the same names meet in one order.
select is(array(select (i ->> 'row')::integer from jsonb_array_elements(c.items) i), '{0,1,2}', 'told row by row')
  from api.create_users(
    jsonb_build_array(pg_temp.account('zoe'), pg_temp.account('yan'), pg_temp.account('Xia'))) c;
select is(array(select u.username from auth.users u
                 where u.username in (pg_temp.account('zoe') ->> 'username', pg_temp.account('yan') ->> 'username',
                                      pg_temp.account('Xia') ->> 'username') order by u.id),
          array[pg_temp.account('Xia') ->> 'username', pg_temp.account('yan') ->> 'username',
                pg_temp.account('zoe') ->> 'username'], 'but made by name');
select throws_ok($$ select api.create_users('[]') $$, 'VL001', 'users must be a list of 1 to 1,000', 'none');
select throws_ok($$ select api.create_users(null) $$, 'VL001', 'users must be a list of 1 to 1,000', 'nothing');
select throws_ok($$ select api.create_users('{}') $$, 'VL001', 'users must be a list of 1 to 1,000', 'no list');
select throws_ok($$ select api.create_users((select jsonb_agg(n) from generate_series(1, 1001) n)) $$, 'VL001',
                 'users must be a list of 1 to 1,000', 'too many');

insert into auth.roles (name, description, permissions) values ('tap_many_support', 'Tests', '["users:write"]');
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fd02', 'tap_import_help', 'tap_import_help@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000fd02', 'tap_many_support');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fd02', true);
select is((select concat_ws(' ', c.created, c.failed, c.items #>> '{0,code}')
             from api.create_users(jsonb_build_array(pg_temp.account('gus', '{"tier": "enterprise"}'), pg_temp.account('hans'))) c),
          '1 1 NP001', 'a tier, by who may not manage limits');

select * from finish();
rollback;
