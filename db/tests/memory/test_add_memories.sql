-- core.add_memories: rows are written with what is usual, in one order, or not at all.
begin;
select plan(14);

select is(pg_get_function_arguments('core.add_memories'::regproc),
  'p_memories memory.semantic_memories[], p_path text DEFAULT ''''::text', 'arguments');
select is(pg_get_function_result('core.add_memories'::regproc),
  'uuid[]', 'result');
select volatility_is('core', 'add_memories', array['memory.semantic_memories[]', 'text'], 'volatile');
select isnt_definer('core', 'add_memories', array['memory.semantic_memories[]', 'text']);
select function_owner_is('core', 'add_memories', array['memory.semantic_memories[]', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.add_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.add_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001ad01', 'tap_add_memories_anna', 'tap_add_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001ad02', 'tap_add_memories_ben', 'tap_add_memories_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  ('019e0000-0000-7000-8000-00000001ad01', '019e0000-0000-7000-8000-00000001ad11', 'active'),
  ('019e0000-0000-7000-8000-00000001ad01', '019e0000-0000-7000-8000-00000001ad12', 'deleted'),
  ('019e0000-0000-7000-8000-00000001ad02', '019e0000-0000-7000-8000-00000001ad13', 'active');
create function pg_temp.rows(p_items jsonb) returns memory.semantic_memories[] language sql as $$
  select array_agg(jsonb_populate_record(null::memory.semantic_memories,
                     '{"user_id": "019e0000-0000-7000-8000-00000001ad01"}' || i.item) order by i.n)
    from jsonb_array_elements(p_items) with ordinality as i (item, n)
$$;

create temp table added as select core.add_memories(pg_temp.rows(
  '[{"content": "one", "qdrant_collection": "z", "qdrant_point_id": "ABCDEF00-0000-7000-8000-00000000000A"},
    {"content": "two", "conversation_id": "019e0000-0000-7000-8000-00000001ad11"},
    {"content": "three", "qdrant_collection": "a", "qdrant_point_id": "1"}]')) as ids;
select results_eq(
  $$ select m.content, m.kind, m.importance, m.metadata, m.valid_from, m.qdrant_point_id
       from added a cross join lateral unnest(a.ids) with ordinality as i (id, n)
       join memory.semantic_memories m on m.id = i.id order by i.n $$,
  $$ values ('one', 'fact', 0.5::double precision, '{}'::jsonb, now(), 'abcdef00-0000-7000-8000-00000000000a'),
            ('two', 'fact', 0.5, '{}', now(), null), ('three', 'fact', 0.5, '{}', now(), '1') $$,
  'ids in the order of the list; what was not said is as usual');
select throws_ok($$ select core.add_memories(pg_temp.rows('[{"content": "x"}, {"content": ""}]')) $$, 'VL001',
                 'content must have 1 to 10,000 characters', 'the rules are those of core.check_memory');
select throws_ok($$ select core.add_memories(pg_temp.rows('[{}]')) $$, 'VL003', 'content is required', 'no text');
select throws_ok($$ select core.add_memories(pg_temp.rows(format('[{"content": "x", "conversation_id": "%s"}]', c.id)::jsonb))
                      from chat.conversations c where c.id = '019e0000-0000-7000-8000-00000001ad12' $$,
                 'NF001', 'There is no such conversation', 'a deleted conversation');
select throws_ok($$ select core.add_memories(pg_temp.rows(format('[{"content": "x", "conversation_id": "%s"}]', c.id)::jsonb))
                      from chat.conversations c where c.id = '019e0000-0000-7000-8000-00000001ad13' $$,
                 'NF001', 'There is no such conversation', 'another user''s');
select throws_ok($$ select core.add_memories(pg_temp.rows('[{"content": "x", "qdrant_collection": "a",
                                                              "qdrant_point_id": "1"}]')) $$,
                 'KC001', 'Another memory refers to this point', 'a point that is taken');
set session authorization plinth_web;
select throws_ok($$ select core.add_memories('{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
