-- core.act_for: whom a function may act for. In a request the caller and nobody else; without one, whom an operator
-- names, for one statement; the layer's login without a caller, nobody.
begin;
select plan(21);

select is(pg_get_function_arguments('core.act_for'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('core.act_for'::regproc), 'uuid', 'result');
select volatility_is('core', 'act_for', array['uuid'], 'volatile');
select isnt_definer('core', 'act_for', array['uuid']);
select function_owner_is('core', 'act_for', array['uuid'], 'plinth_owner');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.act_for'::regproc;

\set anna 019e0000-0000-7000-8000-00000000a001
\set ben 019e0000-0000-7000-8000-00000000a002

-- Functions of the contract call it as their definer; session_user stays who logged in.
create function pg_temp.act_for(p_user_id uuid)
returns uuid language plpgsql volatile security definer as $$ begin return core.act_for(p_user_id); end $$;
create function pg_temp.act_and_see(p_user_id uuid)
returns uuid language plpgsql volatile security definer
as $$ begin perform core.act_for(p_user_id); return base.current_user_id(); end $$;

-- As an operator, two users in one transaction.
set session authorization plinth_operator;
select is(pg_temp.act_for(:'anna'), :'anna', 'operator: for the named user');
select is(pg_temp.act_and_see(:'anna'), :'anna', 'operator: whom row policies then see');
select is(pg_temp.act_and_see(:'ben'), :'ben', 'operator: then for another');
select is(base.current_user_id(), null, 'operator: and for nobody once the statement is over');
select throws_ok('select pg_temp.act_for(null)', 'VL003', 'Name the user to act for',
                 'operator: somebody must be named');
reset session authorization;

set session authorization plinth_web;
select throws_ok(format('select pg_temp.act_for(%L)', :'anna'), 'UN001', 'Nobody is signed in',
                 'web: refused without a caller');
select throws_ok('select pg_temp.act_for(null)', 'UN001', 'Nobody is signed in', 'web: also for nobody');
reset session authorization;
set session authorization plinth_reader;
select throws_ok(format('select pg_temp.act_for(%L)', :'anna'), 'UN001', 'Nobody is signed in', 'reader: refused');
reset session authorization;

-- In a request.
select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select is(pg_temp.act_and_see(:'anna'), :'anna', 'request: for the caller');
select throws_ok(format('select pg_temp.act_for(%L)', :'ben'), 'NP001', 'A request acts for its own caller only',
                 'request: for nobody else');
select throws_ok('select pg_temp.act_for(null)', 'NP001', 'A request acts for its own caller only',
                 'request: nor for nobody');
reset session authorization;
set session authorization plinth_operator;
select throws_ok(format('select pg_temp.act_for(%L)', :'ben'), 'NP001', null,
                 'request: not by an operator''s login either');
select is(base.current_user_id(), :'anna', 'request: the caller stays who it was');
reset session authorization;
set session authorization plinth_web;
select throws_ok(format('select core.act_for(%L)', :'anna'), '42501', null, 'the layer cannot call it by itself');
reset session authorization;

-- The planner takes the function apart: the usual call is none.
create function pg_temp.plan_of(p_query text)
returns text language plpgsql as $$
declare v_plan json; begin execute 'explain (verbose, format json) ' || p_query into v_plan; return v_plan; end $$;
select unalike(pg_temp.plan_of(format('select core.act_for(%L)', :'anna')), '%act_for(%', 'the usual call is none');

select * from finish();
rollback;
