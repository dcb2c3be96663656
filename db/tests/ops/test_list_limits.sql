-- api.list_limits: routes, tiers, users, page by page.
begin;
select plan(16);

select is(pg_get_function_arguments('api.list_limits'::regproc),
  'p_kind text DEFAULT NULL::text, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_limits'::regproc),
  'TABLE(kind text, name text, factor integer, requests_per_minute bigint, requests_per_hour bigint, '
  'requests_per_day bigint, tokens_per_day bigint, updated_at timestamp with time zone, version integer, '
  'cursor text)', 'result');
select volatility_is('api', 'list_limits', array['text', 'text', 'integer'], 'stable');
select is_definer('api', 'list_limits', array['text', 'text', 'integer']);
select function_owner_is('api', 'list_limits', array['text', 'text', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_limits'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_limits'::regproc;

\set anna 019e0000-0000-7000-8000-000000011b61
\set ben 019e0000-0000-7000-8000-000000011b62
insert into auth.users (id, username, email) values
  (:'anna', 'tap_ll_anna', 'tap_ll_anna@example.org'), (:'ben', 'tap_ll_ben', 'tap_ll_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_ll', 'planted', '["limits:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_ll');

delete from ops.route_limits;
delete from ops.tier_limits;
delete from ops.user_quotas;
insert into ops.route_limits (route, requests_per_minute) values ('GET /v1/me', 5), ('POST /v1/users', 6);
insert into ops.tier_limits (tier, factor) values ('free', 1), ('pro', 2);
insert into ops.user_quotas (user_id, tokens_per_day) values (:'anna', 7), (:'ben', 8);

set session authorization plinth_web;
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.list_limits() $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select api.list_limits() $$, 'NP001', 'This needs the permission limits:manage', 'not for everybody');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select concat_ws(' ', l.kind, l.name, l.factor, l.requests_per_minute, l.tokens_per_day) from api.list_limits() l $$,
  array['route GET /v1/me 5', 'route POST /v1/users 6', 'tier free 1', 'tier pro 2', concat('user ', :'anna', ' 7'),
        concat('user ', :'ben', ' 8')], 'all of them');
select is(array(select l.name from api.list_limits('tier') l), '{free,pro}', 'of one kind');
select is(array(select l.name from api.list_limits('user', p_limit => 1) l), array[:'anna'], 'so many');
select is((with recursive page as (
             (select l.cursor, 1 as n from api.list_limits(p_limit => 1) l)
             union all
             select n.cursor, p.n + 1 from page p, lateral (select l.cursor from api.list_limits(null, p.cursor, 1) l) n)
           select array_agg(split_part(p.cursor, ' ', 1) order by p.n) from page p),
          '{route,route,tier,tier,user,user}', 'one by one they are all there');
select throws_ok($$ select api.list_limits('nonsense') $$, 'VL001', 'kind must be route, tier or user', 'another kind');
select throws_ok($$ select api.list_limits(p_after => 'nonsense') $$, 'VL001', null, 'a place that is none');
select throws_ok($$ select api.list_limits(p_after => 'user x') $$, 'VL001', null, 'an id that is none');
reset session authorization;

select * from finish();
rollback;
