-- core.message_bytes: of the text and the calls, as they are written.
begin;
select plan(5);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole),
  'p_content text, p_tool_calls jsonb integer i f plinth_owner',
  'arguments, result, volatility, definer, owner') from pg_proc p where p.oid = 'core.message_bytes'::regproc;
select is(core.message_bytes('', null), 0, 'nothing said');
select is(core.message_bytes('日本', null), 6, 'bytes, not characters');
select is(core.message_bytes('hello', '["123456"]'), 15, 'calls count as they are written');

set session authorization plinth_web;
select throws_ok($$ select core.message_bytes('', null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
