-- core.act_for_named: an operator names whom a statement acts for; nobody else does, and nobody inside a request.
begin;
select plan(12);

select is(pg_get_function_arguments('core.act_for_named'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('core.act_for_named'::regproc), 'uuid', 'result');
select volatility_is('core', 'act_for_named', array['uuid'], 'volatile');
select isnt_definer('core', 'act_for_named', array['uuid']);
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.act_for_named'::regproc;

\set anna 019e0000-0000-7000-8000-00000000a001

create function pg_temp.act_for_named(p_user_id uuid)
returns uuid language plpgsql volatile security definer as $$ begin return core.act_for_named(p_user_id); end $$;

set session authorization plinth_operator;
select is(pg_temp.act_for_named(:'anna'), :'anna', 'an operator names somebody');
select throws_ok('select pg_temp.act_for_named(null)', 'VL003', 'Name the user to act for', 'and must');
reset session authorization;
set session authorization plinth_web;
select throws_ok(format('select pg_temp.act_for_named(%L)', :'anna'), 'UN001', 'Nobody is signed in', 'nobody else does');
select throws_ok(format('select core.act_for_named(%L)', :'anna'), '42501', null, 'the layer cannot call it by itself');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_operator;
select throws_ok(format('select pg_temp.act_for_named(%L)', :'anna'), 'NP001', 'A request acts for its own caller only',
                 'nor an operator''s login inside a request');
select is(current_setting('plinth.subject'), concat(:'anna', '@', split_part(current_setting('plinth.subject'), '@', 2)),
          'what was refused changed nothing');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select pg_temp.act_for_named(null)', 'NP001', null, 'nor the layer''s');
reset session authorization;

select * from finish();
rollback;
