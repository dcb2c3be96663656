-- core.check_import: what is said of one line holds in one go for all, and the first faulty one is named.
begin;
select plan(17);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole, p.proconfig),
          'p_items jsonb, p_line integer, p_all boolean DEFAULT false void v f plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'arguments, result, volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.check_import'::regproc;

create function pg_temp.said(p_items jsonb, p_line integer default 1, p_all boolean default false)
returns text language plpgsql as $$
declare
  v_field text;
begin
  perform core.check_import(p_items, p_line, p_all);
  return 'fine';
exception when sqlstate 'VL001' or sqlstate 'VL002' or sqlstate 'VL003' then
  get stacked diagnostics v_field = column_name;
  return concat_ws(' ', sqlstate, v_field);
end
$$;
-- A conversation, three messages, of which the second is as told.
create function pg_temp.lines(p_more jsonb) returns jsonb language sql as $$
  select jsonb_build_array('{"type": "conversation", "client_id": "c"}'::jsonb,
    '{"type": "message", "client_id": "m1", "conversation": "c", "role": "user", "content": "a"}'::jsonb,
    '{"type": "message", "client_id": "m2", "conversation": "c", "role": "user", "content": "a"}'::jsonb || p_more,
    '{"type": "message", "client_id": "m3", "conversation": "c", "role": "user", "content": "a"}'::jsonb)
$$;

select is(pg_temp.said(pg_temp.lines('{}')), 'fine', 'lines');
select is(pg_temp.said('[]'), 'fine', 'none');
select is(pg_temp.said(pg_temp.lines('{}'), 1, true), 'fine', 'one by one');

-- All that is looked at in one go.
select is_empty(
  $$ select f.more from (values
       ('{"tokens": 5}'::jsonb), ('{"content": 5}'), ('{"role": 5}'), ('{"parent": 5}'), ('{"model": 5}'),
       ('{"tool_call_id": 5}'), ('{"client_id": null}'), ('{"conversation": null}'), ('{"prompt_tokens": "5"}'),
       ('{"completion_tokens": true}'), ('{"version": "1"}'), ('{"version": 0}'), ('{"version": -5}'),
       ('{"version": 1000001}'), ('{"version": 2147483647}'), ('{"version": 1e300}'), ('{"pinned": "true"}'), ('{"pinned": 1}'),
       ('{"created_at": "now"}'), ('{"created_at": 5}'), ('{"created_at": "2026-13-01"}'), ('{"created_at": "1969-12-31"}'),
       ('{"edited_at": "infinity"}'), ('{"edited_at": "2999-01-01"}')) f (more)
      where pg_temp.said(pg_temp.lines(f.more)) not like 'VL00_ lines[3].%' $$,
  'each is refused, and its line named');
select is(pg_temp.said(pg_temp.lines('{"version": 1000000}')), 'fine', 'a version that can be');
select is(pg_temp.said(pg_temp.lines('{"content": 5}')), 'VL001 lines[3].content', 'with the field');
select is(pg_temp.said(pg_temp.lines('{"content": 5}'), null), 'VL001 items[2].content', 'as an item of a list');
select is(pg_temp.said(pg_temp.lines('{"content": 5}'), 1001), 'VL001 lines[1003].content', 'in a later piece');
-- What the tables see to is found when it is asked for.
select is(pg_temp.said(pg_temp.lines('{"role": "robot"}')), 'fine', 'the table sees to it');
select is(pg_temp.said(pg_temp.lines('{"role": "robot"}'), 1, true), 'VL001 lines[3].role', 'and then it is named');

select is(pg_temp.said('[{"type": "conversation"}]'), 'VL003 lines[1].client_id', 'conversations are looked at one by one');
select is(pg_temp.said('[{"type": "conversation", "client_id": "c"}, 5]'), 'VL001 lines[2]', 'so is what is no object');
select is(pg_temp.said('[{"type": "x"}, {"type": "conversation"}]'), 'VL001 lines[1].type', 'the first fault is named');
select is(pg_temp.said(pg_temp.lines('{"client_id": "m1"}')), 'VL001 lines[3].client_id', 'a name twice');
select is(pg_temp.said(pg_temp.lines('{"client_id": "c"}')), 'fine', 'a message may be called like a conversation');

set session authorization plinth_web;
select throws_ok($$ select core.check_import('[]', 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
