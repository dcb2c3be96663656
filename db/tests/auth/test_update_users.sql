-- api.update_users: many accounts changed at once, each by itself or all or nothing.
begin;
select plan(20);

select is(pg_get_function_arguments('api.update_users'::regproc),
  'p_users jsonb, p_all_or_nothing boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('api.update_users'::regproc),
  'TABLE(updated integer, failed integer, items jsonb)', 'result');
select volatility_is('api', 'update_users', array['jsonb', 'boolean'], 'volatile');
select is_definer('api', 'update_users', array['jsonb', 'boolean']);
select function_owner_is('api', 'update_users', array['jsonb', 'boolean'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_users'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_users'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fe01', 'tap_each_anna', 'tap_each_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fe02', 'tap_each_ben', 'tap_each_ben@example.org'),
  ('019e0000-0000-7000-8000-00000000fe03', 'tap_each_cora', 'tap_each_cora@example.org');
create function pg_temp.change(p_id text, p_more jsonb) returns jsonb language sql as $$
  select jsonb_build_object('id', '019e0000-0000-7000-8000-00000000' || p_id) || p_more
$$;
create temp view tiers as select string_agg(u.tier, ' ' order by u.id) as now from auth.users u where u.username ~ '^tap_each_';
grant select on tiers to plinth_web;
set session authorization plinth_web;
select throws_ok($$ select api.update_users('[{}]') $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
select throws_ok($$ select api.update_users('[{}]') $$, 'NP001', null, 'permission missing');
reset session authorization;
select set_config('plinth.caller', '', true);

create temp table answer as
select * from api.update_users(jsonb_build_array(
  pg_temp.change('fe01', '{"tier": "pro", "version": 1}'), pg_temp.change('fe02', '{"tier": "pro", "version": 7}'),
  pg_temp.change('feff', '{"tier": "pro"}'), pg_temp.change('fe03', '{"tier": "gold"}'), '"x"'::jsonb, '{"id": "y"}'::jsonb,
  pg_temp.change('fe0a', '{"version": "1.5"}')));
select results_eq('select a.updated, a.failed from answer a', 'values (1, 6)', 'one of seven');
select is(array(select concat_ws(' ', i ->> 'row', i ->> 'status', i ->> 'code', i ->> 'field')
  from answer a, jsonb_array_elements(a.items) i),
          '{"0 updated","1 failed KC002 version","2 failed NF001 id","3 failed VL001 tier","4 failed VL001 users",'
          '"5 failed VL001 id",'
          '"6 failed VL001 version"}', 'each tells how it went');
select is(t.now, 'pro free free', 'one is changed') from tiers t;
select throws_ok($$ select api.update_users(jsonb_build_array(pg_temp.change('fe02', '{"tier": "pro"}'),
                      pg_temp.change('fe03', '{"odd": 1}')), true) $$, 'VL002', null, 'all or nothing');
select is(t.now, 'pro free free', 'nothing') from tiers t;
select results_eq($$ select a.updated, a.failed from api.update_users(jsonb_build_array(pg_temp.change('fe03', '{"tier": "pro"}'),
                       pg_temp.change('fe02', '{"tier": "pro"}')), true) a $$, 'values (2, 0)', 'or all');
select is(t.now, 'pro pro pro', 'all') from tiers t;
select throws_ok($$ select api.update_users(jsonb_build_array(pg_temp.change('fe03', '{}'), pg_temp.change('FE03', '{}'))) $$,
                 'VL001', 'An account stands in the list twice', 'one twice');
select throws_ok($$ select api.update_users('[]') $$, 'VL001', 'users must be a list of 1 to 1,000', 'none');
select throws_ok($$ select api.update_users(null) $$, 'VL001', 'users must be a list of 1 to 1,000', 'nothing');
select throws_ok($$ select api.update_users((select jsonb_agg(n) from generate_series(1, 1001) n)) $$, 'VL001',
                 'users must be a list of 1 to 1,000', 'too many');

select * from finish();
rollback;
