-- base.request_context: what is known of the request, part by part; nothing is known outside a request.
begin;
select plan(17);

select is(pg_get_function_arguments('base.request_context'::regproc), 'p_part integer', 'arguments');
select is(pg_get_function_result('base.request_context'::regproc), 'text', 'result');
select volatility_is('base', 'request_context', array['integer'], 'stable');
select isnt_definer('base', 'request_context', array['integer']);
select function_owner_is('base', 'request_context', array['integer'], 'plinth_owner');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'base.request_context'::regproc;

select is(base.request_context(2), null, 'nothing outside a request');
select set_config('plinth.context', '', true);
select is(base.request_context(1), null, 'nothing, when the setting of an earlier transaction reads empty');

select set_config('plinth.context', concat_ws(E'\x1f', '019e0000-0000-7000-8000-00000000b011', 'req-1', '192.0.2.7',
                                              'curl/8 (a, b)'), true);
select is(base.request_context(1), '019e0000-0000-7000-8000-00000000b011', 'the session');
select is(base.request_context(2), 'req-1', 'the request id');
select is(base.request_context(3), '192.0.2.7', 'the address');
select is(base.request_context(4), 'curl/8 (a, b)', 'the user agent');
select is(base.request_context(5), null, 'there is no fifth part');

select set_config('plinth.context', E'\x1freq-2\x1f\x1f', true);
select is(base.request_context(1), null, 'a call without a session');
select is(base.request_context(2), 'req-2', 'keeps its request id in its place');
select is(base.request_context(3), null, 'an unknown address is NULL and not empty');

set session authorization plinth_web;
select throws_ok($$ select base.request_context(2) $$, '42501', null, 'only functions of ours read it');
reset session authorization;

select * from finish();
rollback;
