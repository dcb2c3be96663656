-- api.list_own_audit: what happened to the caller's account and data.
begin;
select plan(13);

select is(pg_get_function_arguments('api.list_own_audit'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_own_audit'::regproc),
  'TABLE(id uuid, occurred_at timestamp with time zone, by_self boolean, action text, entity_type '
  'text, entity_id text, changed text[], address inet, user_agent text, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_own_audit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_own_audit'::regproc;

\set anna 019e0000-0000-7000-8000-00000000cc01
\set ben 019e0000-0000-7000-8000-00000000cc02
select set_config('plinth.caller', :'anna', true),
       set_config('plinth.context', concat_ws(E'\x1f', '', '', '192.0.2.1', 'curl'), true);
select ops.write_audit('paint', 'tap.thing', '1', :'anna');
select ops.write_audit('paint', 'tap.thing', '2', :'ben');
select set_config('plinth.caller', :'ben', true);
select ops.write_audit('wash', 'tap.thing', '1', :'anna');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(format('select l.action, l.by_self from api.list_own_audit(%L) l', :'anna'),
                  $$ values ('wash', false), ('paint', true) $$, 'what happened to anna''s data, newest first');
select is((select l.action from api.list_own_audit(:'anna', null, 1) l), 'wash', 'a page');
select results_eq(format('select host(l.address), l.user_agent from api.list_own_audit(%L) l', :'anna'),
                  $$ values (null, null), ('192.0.2.1', 'curl') $$, 'from where anna did it; not from where others did');
select is((select l.action from api.list_own_audit(:'anna', (select n.cursor from api.list_own_audit(:'anna', null, 1) n)) l),
          'paint', 'the next one');
select throws_ok(format('select api.list_own_audit(%L)', :'ben'), 'NP001', 'A request acts for its own caller only',
                 'not another user''s');
select throws_ok(format($$ select api.list_own_audit(%L, 'x') $$, :'anna'), 'VL001',
                 'after must be the "next" of an earlier answer', 'a place that is none');
reset session authorization;
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok(format('select api.list_own_audit(%L)', :'anna'), 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_operator;
select is((select count(*) from api.list_own_audit(:'ben') l), 1::bigint, 'an operator looks for a user');
reset session authorization;
set session authorization plinth_reader;
select throws_ok(format('select api.list_own_audit(%L)', :'anna'), '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
