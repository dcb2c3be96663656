-- core.check_memory: the rules of a memory, and that the table has the same.
begin;
select plan(16);

select is(pg_get_function_arguments('core.check_memory'::regproc),
  'p_memory memory.semantic_memories, p_path text DEFAULT ''''::text', 'arguments');
select is(pg_get_function_result('core.check_memory'::regproc),
  'void', 'result');
select volatility_is('core', 'check_memory', array['memory.semantic_memories', 'text'], 'stable');
select isnt_definer('core', 'check_memory', array['memory.semantic_memories', 'text']);
select function_owner_is('core', 'check_memory', array['memory.semantic_memories', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.check_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_memory'::regproc;

create function pg_temp.check(p_fields jsonb) returns void language plpgsql as $$
declare
  v_memory memory.semantic_memories;
begin
  v_memory := jsonb_populate_record(v_memory, '{"content": "x", "metadata": {}}' || p_fields);
  perform core.check_memory(v_memory, 'memories[2].');
end
$$;

select lives_ok($$ select pg_temp.check('{}') $$, 'what is not named is not looked at');
select lives_ok($$ select pg_temp.check(jsonb_build_object('content', repeat('x', 10000), 'kind', repeat('k', 50),
  'importance', 1, 'metadata', jsonb_build_object('a', repeat('b', 16375)), 'valid_from', now(), 'valid_to', now(),
  'expires_at', now() + interval '1 s', 'qdrant_collection', repeat('c', 255), 'qdrant_point_id', repeat('9', 20))) $$,
  'as much as may be');
select lives_ok($$ select pg_temp.check('{"qdrant_collection": "c", "qdrant_point_id": "5c56c793-69f3-4fbf-87e6-c4bf54c28c26"}') $$,
                'a point may be a uuid');

create temp table faults (field text, fields jsonb, message text);
insert into faults values
  ('content', '{"content": ""}', 'content must have 1 to 10,000 characters'),
  ('content', jsonb_build_object('content', repeat('x', 10001)), 'content must have 1 to 10,000 characters'),
  ('kind', '{"kind": "Fact"}', 'kind must have 1 to 50 lower-case letters, and after the first also digits, _, . and -'),
  ('importance', '{"importance": 1.01}', 'importance must be from 0.000001 to 1, or 0'),
  ('importance', '{"importance": -0.01}', 'importance must be from 0.000001 to 1, or 0'),
  ('importance', '{"importance": 5e-324}', 'importance must be from 0.000001 to 1, or 0'),
  ('importance', '{"importance": "NaN"}', 'importance must be from 0.000001 to 1, or 0'),
  ('metadata', '{"metadata": [1]}', 'metadata must be an object of at most 16 kB'),
  ('metadata', jsonb_build_object('metadata', jsonb_build_object('a', repeat('b', 16376))),
   'metadata must be an object of at most 16 kB'),
  ('valid_from', '{"valid_from": "infinity"}', 'valid_from must be a moment of the years 1 to 9999'),
  ('valid_from', '{"valid_from": "0001-01-01T00:00:00+00:01"}', 'valid_from must be a moment of the years 1 to 9999'),
  ('valid_from', '{"valid_from": "9999-12-31T23:59:59.999999-00:01"}', 'valid_from must be a moment of the years 1 to 9999'),
  ('valid_to', '{"valid_to": "9999-12-31T23:59:59.999999-00:01"}',
   'valid_to must be a moment, not before valid_from, up to the year 9999'),
  ('valid_to', '{"valid_to": "infinity"}', 'valid_to must be a moment, not before valid_from, up to the year 9999'),
  ('valid_to', '{"valid_from": "2020-01-02", "valid_to": "2020-01-01"}',
   'valid_to must be a moment, not before valid_from, up to the year 9999'),
  ('expires_at', '{"expires_at": "9999-12-31T23:59:59.999999-00:01"}', 'expires_at must be in the future, up to the year 9999'),
  ('expires_at', '{"expires_at": "infinity"}', 'expires_at must be in the future, up to the year 9999'),
  ('expires_at', '{"expires_at": "2020-01-01"}', 'expires_at must be in the future, up to the year 9999'),
  ('qdrant_point_id', '{"qdrant_collection": "c"}', 'qdrant_collection and qdrant_point_id come together or not at all'),
  ('qdrant_collection', '{"qdrant_point_id": "1"}', 'qdrant_collection and qdrant_point_id come together or not at all'),
  ('qdrant_collection', '{"qdrant_collection": "a/b", "qdrant_point_id": "1"}',
   'qdrant_collection must have 1 to 255 characters, without / and control characters'),
  ('qdrant_point_id', '{"qdrant_collection": "c", "qdrant_point_id": "x"}', 'qdrant_point_id must be a whole number or a UUID');

create function pg_temp.fault_of(p_fields jsonb) returns text language plpgsql as $$
declare
  v_code text; v_message text; v_field text;
begin
  perform pg_temp.check(p_fields);
  return 'none';
exception when others then
  get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_field = column_name;
  return concat_ws('|', v_code, v_field, v_message);
end
$$;
select results_eq('select pg_temp.fault_of(f.fields) from faults f',
                  $$ select concat_ws('|', 'VL001', 'memories[2].' || f.field, f.message) from faults f $$,
                  'each rule has its word and names its field');
select is(pg_temp.fault_of(jsonb_build_object('expires_at', now())),
          'VL001|memories[2].expires_at|expires_at must be in the future, up to the year 9999', 'now is not the future');
select is(pg_temp.fault_of('{"content": null}'), 'VL003|memories[2].content|content is required', 'no text');

-- The table refuses the same, whoever writes. What lies in the past may expire at any time, so it has no word about
-- that.
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a201', 'tap_check_memory', 'tap_check_memory@example.org');
create function pg_temp.taken(p_fields jsonb) returns boolean language plpgsql as $$
declare
  v_memory memory.semantic_memories;
begin
  v_memory := jsonb_populate_record(v_memory,
    jsonb_build_object('user_id', '019e0000-0000-7000-8000-00000001a201', 'id', base.new_id(), 'content', 'x', 'kind', 'fact',
      'importance', 0.5, 'metadata', '{}'::jsonb, 'valid_from', now(), 'recall_count', 0, 'created_at', now(),
      'updated_at', now(), 'version', 1) || p_fields);
  insert into memory.semantic_memories select v_memory.*;
  return true;
exception when check_violation then
  return false;
end
$$;
select ok(pg_temp.taken('{}'), 'a good one is taken');
select is_empty($$ select f.fields from faults f where f.fields <> '{"expires_at": "2020-01-01"}' and pg_temp.taken(f.fields) $$,
                'a bad one is not, whoever writes');
set session authorization plinth_web;
select throws_ok($$ select core.check_memory(null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
