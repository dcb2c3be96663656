-- core.check_import_line: every rule of a line, and the field that broke it.
begin;
select plan(48);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole, p.proconfig),
          'p_line jsonb void s f plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'argument, result, volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.check_import_line'::regproc;

-- What is said of a line: code, field, words.
create function pg_temp.said(p_line jsonb) returns text language plpgsql as $$
declare
  v_field text;
begin
  perform core.check_import_line(p_line);
  return 'fine';
exception when sqlstate 'VL001' or sqlstate 'VL002' or sqlstate 'VL003' then
  get stacked diagnostics v_field = column_name;
  return concat_ws(' ', sqlstate, nullif(v_field, '') || ':', sqlerrm);
end
$$;
create function pg_temp.message(p_more jsonb) returns text language sql volatile as $$
  select pg_temp.said('{"type": "message", "client_id": "m", "conversation": "c", "role": "user", "content": "hello"}' || p_more)
$$;
create function pg_temp.conversation(p_more jsonb) returns text language sql volatile as $$
  select pg_temp.said('{"type": "conversation", "client_id": "c"}' || p_more)
$$;

select is(pg_temp.message('{}'), 'fine', 'a message');
select is(pg_temp.message(
  '{"role": "assistant", "parent": "p", "tool_calls": [{"a": null}], "tool_call_id": "t",
    "model": "m", "prompt_tokens": 0, "completion_tokens": 9,
    "metadata": {"a": null}, "pinned": false, "created_at": "2026-01-31T12:00:00Z", "edited_at": "2026-01-31", "version": 1}'),
  'fine', 'with all there is');
select is(pg_temp.message('{"model": null, "created_at": null, "metadata": null, "pinned": null}'), 'fine',
          'null is as if it were not there');
select is(pg_temp.conversation('{}'), 'fine', 'a conversation');
select is(pg_temp.conversation('{"title": "t", "status": "archived", "model": "m", "language": "simple",
  "context": {}, "metadata": {}, "created_at": "2026-01-31T12:00:00+02"}'), 'fine', 'with all there is');
select is(pg_temp.said('{"type": "edit", "message": "m", "version": 1, "content": "x"}'), 'fine', 'a former text');
select is(pg_temp.said('{"type": "summary", "conversation": "c", "summary": "x", "until": "m"}'), 'fine', 'a summary');

select is(pg_temp.said('5'), 'VL001 A line must be an object', 'no object');
select is(pg_temp.said('[]'), 'VL001 A line must be an object', 'a list');
select is(pg_temp.said('{}'), 'VL001 type: type must be conversation, message, edit or summary', 'no type');
select is(pg_temp.said('{"type": "error"}'), 'VL001 type: type must be conversation, message, edit or summary',
          'the last line of an export that broke off');
select is(pg_temp.message('{"tokens": 5}'), 'VL002 tokens: tokens is not a field of a line of type message', 'an unknown field');
select is(pg_temp.conversation('{"role": "user"}'), 'VL002 role: role is not a field of a line of type conversation',
          'a field of another type');
select is(pg_temp.said('{"type": "conversation"}'), 'VL003 client_id: client_id is required', 'no name');
select is(pg_temp.message('{"client_id": null}'), 'VL003 client_id: client_id is required', 'null is none');
select is(pg_temp.message('{"conversation": null}'), 'VL003 conversation: conversation is required', 'of no conversation');
select is(pg_temp.message('{"role": null}'), 'VL003 role: role is required', 'nobody speaks');
select is(pg_temp.said('{"type": "edit", "message": "m"}'), 'VL003 version: version is required', 'no version');
select is(pg_temp.said('{"type": "summary", "conversation": "c", "summary": "x"}'), 'VL003 until: until is required', 'until when');
select is(pg_temp.message('{"content": null}'), 'VL003 content: A message needs content or tool_calls', 'nothing said');

select is(pg_temp.message('{"content": 5}'), 'VL001 content: content must be a string', 'a number is no text');
select is(pg_temp.message('{"model": {}}'), 'VL001 model: model must be a string', 'nor is an object');
select is(pg_temp.message('{"pinned": "yes"}'), 'VL001 pinned: pinned must be true or false', 'pinned');
select is(pg_temp.message('{"metadata": []}'), 'VL001 metadata: metadata must be an object', 'metadata');
select is(pg_temp.message('{"tool_calls": {}}'), 'VL001 tool_calls: tool_calls must be a list', 'tool_calls');
select is(pg_temp.message('{"prompt_tokens": "5"}'),
          'VL001 prompt_tokens: prompt_tokens must be a whole number from 0 to 2147483647', 'a text is no number');
select is(pg_temp.message('{"prompt_tokens": 1.5}'),
          'VL001 prompt_tokens: prompt_tokens must be a whole number from 0 to 2147483647', 'a fraction');
select is(pg_temp.message('{"completion_tokens": -1}'),
          'VL001 completion_tokens: completion_tokens must be a whole number from 0 to 2147483647', 'less than none');
select is(pg_temp.message('{"completion_tokens": 2147483648}'),
          'VL001 completion_tokens: completion_tokens must be a whole number from 0 to 2147483647', 'too many');
select is(pg_temp.message('{"version": 0}'), 'VL001 version: version must be from 1 to 1,000,000', 'version 0');
select is(pg_temp.message('{"version": 1000000}'), 'fine', 'after very many changes');
select is(pg_temp.message('{"version": 1000001}'), 'VL001 version: version must be from 1 to 1,000,000',
          'one that leaves no room for changes');

select is(pg_temp.message('{"created_at": "2026-01-31T12:00:00 Tap/Nowhere"}'),
          'VL001 created_at: created_at must be a time like 2026-01-31T12:00:00Z', 'a zone that is none');
select is(pg_temp.message('{"created_at": "now"}'), 'VL001 created_at: created_at must be a time like 2026-01-31T12:00:00Z', 'now');
select is(pg_temp.message('{"created_at": "2026-13-01"}'),
          'VL001 created_at: created_at must be a time like 2026-01-31T12:00:00Z', 'no such month');
select is(pg_temp.message('{"created_at": "1969-12-31"}'), 'VL001 created_at: created_at must be from 1970 to now', 'too early');
select is(pg_temp.message(jsonb_build_object('edited_at', now() + interval '1 hour')),
          'VL001 edited_at: edited_at must be from 1970 to now', 'not yet');

select is(pg_temp.message('{"client_id": ""}'),
          'VL001 client_id: client_id must have 1 to 200 characters and no control characters', 'an empty name');
select is(pg_temp.conversation(jsonb_build_object('client_id', repeat('x', 201))),
          'VL001 client_id: client_id must have 1 to 200 characters and no control characters', 'a long name');
select is(pg_temp.message('{"role": "robot"}'), 'VL001 role: role must be system, user, assistant or tool', 'role');
select is(pg_temp.message(jsonb_build_object('content', repeat('x', 1000001))),
          'VL001 content: content must have at most 1,000,000 characters', 'a long text');
select is(pg_temp.conversation('{"status": "deleted"}'), 'VL001 status: status must be active or archived',
          'nothing that is deleted');
select is(pg_temp.conversation('{"title": ""}'), 'VL001 title: title must not be empty', 'an empty title');
select is(pg_temp.conversation('{"language": "klingon"}'),
          'VL001 language: language must be the name of a text search configuration, such as english or simple', 'language');
select is(pg_temp.said(jsonb_build_object('type', 'summary', 'conversation', 'c', 'until', 'm', 'summary', repeat('x', 100001))),
          'VL001 summary: summary must have 1 to 100,000 characters', 'a long summary');
select is(pg_temp.said(jsonb_build_object('type', 'edit', 'message', 'm', 'version', 1, 'content', repeat('x', 1000001))),
          'VL001 content: content must have at most 1,000,000 characters', 'a long former text');

set session authorization plinth_web;
select throws_ok($$ select core.check_import_line('{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
