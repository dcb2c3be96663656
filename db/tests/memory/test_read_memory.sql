-- core.read_memory: a memory out of JSON; the types of its fields.
begin;
select plan(19);

select is(pg_get_function_arguments('core.read_memory'::regproc),
  'p_user_id uuid, p_item jsonb, p_path text', 'arguments');
select is(pg_get_function_result('core.read_memory'::regproc),
  'memory.semantic_memories', 'result');
select volatility_is('core', 'read_memory', array['uuid', 'jsonb', 'text'], 'volatile');
select isnt_definer('core', 'read_memory', array['uuid', 'jsonb', 'text']);
select function_owner_is('core', 'read_memory', array['uuid', 'jsonb', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.read_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.read_memory'::regproc;

select is((r.user_id, r.content, r.kind, r.importance, r.metadata, r.conversation_id, r.valid_from, r.qdrant_point_id)::text,
          '(019e0000-0000-7000-8000-00000001a301,hello,fact,0.125,"{""a"": null}",019e0000-0000-7000-8000-00000001a302,'
          '"2020-01-01 10:00:00+00",7)', 'every field')
  from core.read_memory('019e0000-0000-7000-8000-00000001a301',
    '{"content": "hello", "kind": "fact", "importance": 0.125, "metadata": {"a": null}, "valid_to": null,
      "conversation_id": "019E0000-0000-7000-8000-00000001A302", "valid_from": "2020-01-01T12:00:00+02:00",
      "qdrant_point_id": "7"}', '') r;

create function pg_temp.fault_of(p_item jsonb) returns text language plpgsql as $$
declare
  v_code text; v_message text; v_field text;
begin
  perform core.read_memory('019e0000-0000-7000-8000-00000001a301', p_item, 'memories[4].');
  return 'none';
exception when others then
  get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_field = column_name;
  return concat_ws('|', v_code, v_field, v_message);
end
$$;
select is(pg_temp.fault_of('"x"'), 'VL001|memories[4]|a memory must be an object', 'no object');
select is(pg_temp.fault_of('{"id": "x"}'), 'VL002|memories[4].id|id is not a field of a memory', 'an id is ours to give');
select is(pg_temp.fault_of('{"content": 1}'), 'VL001|memories[4].content|content must be text', 'a number for a text');
select is(pg_temp.fault_of('{"importance": "1"}'), 'VL001|memories[4].importance|importance must be a number',
          'a text for a number');
select is(pg_temp.fault_of('{"metadata": "{}"}'), 'VL001|memories[4].metadata|metadata must be an object', 'a text for an object');
select is(pg_temp.fault_of('{"conversation_id": "x"}'), 'VL001|memories[4].conversation_id|conversation_id must be a UUID',
          'no uuid');
select is(pg_temp.fault_of('{"valid_from": "yesterday"}'),
          'VL001|memories[4].valid_from|valid_from must be a time like 2026-01-31T12:00:00Z', 'a word for a time');
select is(pg_temp.fault_of('{"valid_from": "2026-02-31"}'),
          'VL001|memories[4].valid_from|valid_from must be a time like 2026-01-31T12:00:00Z', 'a day that is none');
-- A number for a vector that its type cannot hold, a list inside it, none at all.
select is(array(select pg_temp.fault_of(jsonb_build_object('embedding', e::jsonb))
                  from unnest(array['[1, 1e300]', '[-1e39]', '[[1]]', '[null]', '["1"]', '[]', '{}']) e),
          array_fill('VL001|memories[4].embedding|embedding must be a list of 1 to 16,000 numbers, each from -1e38 to 1e38'::text,
                     array[7]), 'what is no vector');
select is(pg_temp.fault_of('{"embedding": [1, -0.5, 1e-300, 1e38]}'), 'none', 'what is one');
set session authorization plinth_web;
select throws_ok($$ select core.read_memory('019e0000-0000-7000-8000-00000001a301', '{}', '') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
