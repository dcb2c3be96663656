-- core.find_memories: the newest memories with the words, of one user, that are true now.
begin;
select plan(13);

select is(pg_get_function_arguments('core.find_memories'::regproc),
  'p_user_id uuid, p_query tsquery, p_limit integer, p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_to timestamp with time zone DEFAULT NULL::timestamp with time zone', 'arguments');
select is(pg_get_function_result('core.find_memories'::regproc),
  'TABLE(id uuid, rank real)', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'core.find_memories'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'core.find_memories'::regproc;
select is(p.proowner::regrole::text, 'plinth_system', 'owner') from pg_proc p
 where p.oid = 'core.find_memories'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan,enable_sort=off}', 'settings')
  from pg_proc p where p.oid = 'core.find_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.find_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b501', 'tap_find_memories_anna', 'tap_find_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001b502', 'tap_find_memories_ben', 'tap_find_memories_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  ('019e0000-0000-7000-8000-00000001b501', '019e0000-0000-7000-8000-00000001b511', 'active'),
  ('019e0000-0000-7000-8000-00000001b501', '019e0000-0000-7000-8000-00000001b512', 'deleted');
insert into memory.semantic_memories (user_id, id, conversation_id, content, valid_to, created_at)
select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid,
       ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid, m.content, now() - m.ended,
       timestamptz '2026-01-01' + m.day * interval '1 day'
  from (values ('b501', 'b521', null, 'a gate', interval '1 s' * null, 1), ('b501', 'b522', null, 'gates and gates', null, 2),
               ('b501', 'b523', null, 'a closed gate', '0 s', 3), ('b501', 'b524', 'b511', 'gate of a story', null, 4),
               ('b501', 'b525', 'b512', 'gate of a deleted story', null, 5), ('b501', 'b526', null, 'a door', null, 6),
               ('b502', 'b527', null, 'gate of Ben', null, 7)) as m (who, id, conversation, content, ended, day);
create function pg_temp.found(p_limit integer, p_conversation text default null, p_from date default null, p_to date default null)
returns text[]
language sql volatile
as $$
  select array_agg(right(f.id::text, 4) order by f.id desc)
    from core.find_memories('019e0000-0000-7000-8000-00000001b501', 'gate', p_limit,
                            ('019e0000-0000-7000-8000-00000001' || p_conversation)::uuid, p_from, p_to) f
$$;
select is(pg_temp.found(10), '{b524,b522,b521}', 'what is true, of this user, not of a deleted conversation');
select is(pg_temp.found(2), '{b524,b522}', 'the newest');
select is(pg_temp.found(10, 'b511'), '{b524}', 'of one conversation');
select is(pg_temp.found(10, null, '2026-01-02', '2026-01-03'), '{b521}', 'within a time');
select is(f.rank > g.rank, true, 'twice is more')
  from core.find_memories('019e0000-0000-7000-8000-00000001b501', 'gate', 10) f,
       core.find_memories('019e0000-0000-7000-8000-00000001b501', 'gate', 10) g
 where right(f.id::text, 4) = 'b522' and right(g.id::text, 4) = 'b524';
set session authorization plinth_web;
select throws_ok($$ select core.find_memories(null, 'gate', 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
