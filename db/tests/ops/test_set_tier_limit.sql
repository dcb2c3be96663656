-- api.set_tier_limit: how many times the usual limits hold.
begin;
select plan(18);

select is(pg_get_function_arguments('api.set_tier_limit'::regproc), 'p_tier text, p_factor integer', 'arguments');
select is(pg_get_function_result('api.set_tier_limit'::regproc), 'SETOF core.limit_details', 'result');
select volatility_is('api', 'set_tier_limit', array['text', 'integer'], 'volatile');
select is_definer('api', 'set_tier_limit', array['text', 'integer']);
select function_owner_is('api', 'set_tier_limit', array['text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.set_tier_limit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_tier_limit'::regproc;

\set anna 019e0000-0000-7000-8000-000000011b31
\set ben 019e0000-0000-7000-8000-000000011b32
insert into auth.users (id, username, email) values
  (:'anna', 'tap_stl_anna', 'tap_stl_anna@example.org'), (:'ben', 'tap_stl_ben', 'tap_stl_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_stl', 'planted', '["limits:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_stl');

set session authorization plinth_web;
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.set_tier_limit('pro', 5) $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select api.set_tier_limit('pro', 5) $$, 'NP001', 'This needs the permission limits:manage',
  'not for everybody');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq($$ select l.kind, l.name, l.factor, l.version from api.set_tier_limit('pro', 5) l $$,
                  $$ values ('tier', 'pro', 5, 2) $$, 'a tier');
select is((select l.factor from api.set_tier_limit('anonymous', 3) l), 3, 'those without a token');
select throws_ok($$ select api.set_tier_limit('nonsense', 3) $$, 'NF001', 'There is no tier nonsense', 'no such tier');
select throws_ok($$ select api.set_tier_limit(null, 3) $$, 'NF001', null, 'NULL is none');
select throws_ok($$ select api.set_tier_limit('pro', 0) $$, 'VL001',
                 'factor must be from 1 to 1,000,000; it is no limit, it multiplies the usual ones', 'nothing');
select throws_ok($$ select api.set_tier_limit('pro', 1000001) $$, 'VL001', null, 'too much');
select throws_ok($$ select api.set_tier_limit('pro', null) $$, 'VL001', null, 'NULL');
reset session authorization;
select is((core.rate_subjects(null, null, '192.0.2.1', '', '{1,2,3,4}')).limits, '{3,6,9,0}', 'and it counts');
delete from ops.tier_limits where tier = 'pro';
select is((select l.version from api.set_tier_limit('pro', 9) l), 1, 'also where nothing was said');

select * from finish();
rollback;
