-- core.in_request: true for the layer's login with a caller, and for nobody else, whatever he set.
begin;
select plan(14);

select is(pg_get_function_arguments('core.in_request'::regproc), '', 'arguments');
select is(pg_get_function_result('core.in_request'::regproc), 'boolean', 'result');
select volatility_is('core', 'in_request', '{}'::name[], 'stable');
select isnt_definer('core', 'in_request', '{}'::name[]);
select function_owner_is('core', 'in_request', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.in_request'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.in_request'::regproc;

-- Asked as functions of the contract do: as the owner's; session_user stays who logged in.
create function api.tap_in_request() returns boolean language sql stable security definer as 'select core.in_request()';
alter function api.tap_in_request() owner to plinth_owner;
grant execute on function api.tap_in_request() to public;
create role tap_both nologin in role plinth_web, plinth_operator;
create role tap_layer nologin in role plinth_web;
create role tap_neither nologin;
grant usage on schema api to tap_neither;

select isnt(api.tap_in_request(), true, 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab230', true);
select is(api.tap_in_request(), false, 'not a superuser');
set session authorization plinth_web;
select is(api.tap_in_request(), true, 'the layer');
set session authorization tap_layer;
select is(api.tap_in_request(), true, 'a login of the layer by another name');
set session authorization plinth_operator;
select is(api.tap_in_request(), false, 'not an operator');
set session authorization tap_both;
select is(api.tap_in_request(), false, 'nor a login that is both');
set session authorization tap_neither;
select is(api.tap_in_request(), false, 'nor one that is neither');
reset session authorization;

select * from finish();
rollback;
