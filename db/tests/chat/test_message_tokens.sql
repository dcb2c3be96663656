-- core.message_tokens: what is stored, or an estimate.
begin;
select plan(12);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole),
  'p_role text, p_content text, p_tool_calls jsonb, p_prompt_tokens integer, p_completion_tokens integer integer i f plinth_owner',
  'arguments, result, volatility, definer, owner') from pg_proc p where p.oid = 'core.message_tokens'::regproc;
select is(core.message_tokens('user', 'hello', null, 7, 9), 7, 'of others than the assistant, those of the prompt');
select is(core.message_tokens('assistant', 'hello', null, 7, 9), 9, 'the assistant wrote the completion');
select is(core.message_tokens('user', 'hello', null, null, 9), 6, 'nothing stored: 4 and one for 4 bytes, rounded up');
select is(core.message_tokens('assistant', 'hell', null, 9, null), 5, 'exactly 4 bytes');
select is(core.message_tokens('user', '', null, null, null), 4, 'nothing said');
select is(core.message_tokens('user', 'hello', null, 0, 0), 6, 'none is not believed');
select is(core.message_tokens('assistant', repeat('x', 160), '["123456"]', 0, 1), 11, 'nor one for more than 16 bytes');
select is(core.message_tokens('user', repeat('x', 160), null, 10, null), 10, 'one for 16 bytes is');
select is(core.message_tokens('user', '日本', null, null, null), 6, 'bytes count, not characters');
select is(core.message_tokens('assistant', '', '["123456"]', null, null), 7, 'calls count as they are written');

set session authorization plinth_web;
select throws_ok($$ select core.message_tokens('user', '', null, 1, 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
