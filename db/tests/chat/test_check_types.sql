-- core.check_types: each field has its type, and what is of another is named.
begin;
select plan(10);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole, p.proconfig),
          'p_item jsonb void s f plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'argument, result, volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.check_types'::regproc;

create function pg_temp.said(p_item jsonb) returns text language plpgsql as $$
declare
  v_field text;
begin
  perform core.check_types(p_item);
  return 'fine';
exception when sqlstate 'VL001' then
  get stacked diagnostics v_field = column_name;
  return concat_ws(' ', v_field || ':', sqlerrm);
end
$$;

select is(pg_temp.said('{"role": "user", "content": "", "tool_calls": [], "metadata": {}, "pinned": true, "prompt_tokens": 0,
  "completion_tokens": 2147483647, "parent_id": "019E0000-0000-7000-8000-00000000d901"}'), 'fine', 'all as it should be');
select is(pg_temp.said('{"role": null, "tool_calls": null, "metadata": null, "pinned": null, "prompt_tokens": null,
  "parent_id": null}'), 'fine', 'null is as if it were not there');
select is(pg_temp.said('{}'), 'fine', 'nothing');
select is(pg_temp.said('{"content": 5}'), 'content: content must be a string', 'a number is no text');
select is(pg_temp.said('{"pinned": "yes"}'), 'pinned: pinned must be true or false', 'pinned');
select is(pg_temp.said('{"parent_id": "abc"}'), 'parent_id: parent_id must be a UUID', 'an id');
select is(array(select pg_temp.said(jsonb_build_object('prompt_tokens', v.value))
                  from (values ('"1"'::jsonb), ('1.5'), ('-1'), ('1e300'), ('2147483648')) v (value)
                except select 'prompt_tokens: prompt_tokens must be a whole number from 0 to 2147483647'), '{}',
          'no whole number');
select is(pg_temp.said('{"tool_calls": {}, "metadata": []}'), 'metadata: metadata must be an object', 'the first of several');

set session authorization plinth_web;
select throws_ok($$ select core.check_types('{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
