-- Where most users have one row and one has very many, each index that begins with the user would be as good as the key
-- for the usual one: what hangs on a row is looked up by it all the same.
begin;
select plan(7);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select create_embedding_model('tap-uneven', 2, p_index_kind => 'none');

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values (pg_temp.id('4e000'), 'tap_uneven', 'tap_uneven@example.org');
insert into auth.users (id, username, email)
select base.id_at(now() - n * interval '1 s'), 'tap_one_' || n, 'tap_one_' || n || '@example.org'
  from generate_series(1, 3000) n;
create temp table lines as
select case when n > 3000 then pg_temp.id('4e000') else base.id_at(now() - n * interval '1 s') end as user_id,
       base.id_at(now() - interval '2 days' + n * interval '1 s') as id, n
  from generate_series(1, 4200) n;
update lines l set user_id = u.id from auth.users u where u.username = 'tap_one_' || l.n;
grant select on lines to plinth_operator;

-- Everything at once; of the user with many, each conversation has one message and one memory.
set local session_replication_role = replica;
insert into chat.conversations (user_id, id, client_id, client_fingerprint, message_count, first_message_id, last_message_id)
select user_id, id, 'c' || n, '', 1, id, id from lines;
insert into chat.messages (user_id, id, conversation_id, role, content, version)
select user_id, id, id, 'user', 'Hello', 2 from lines;
insert into chat.message_client_ids (user_id, client_id, message_id, fingerprint) select user_id, 'm' || n, id, '' from lines;
insert into chat.message_edits (user_id, message_id, version, content, written_at) select user_id, id, 1, 'Hi', now() from lines;
insert into memory.semantic_memories (user_id, id, conversation_id, content) select user_id, id, id, 'It is so' from lines;
insert into memory.embeddings (user_id, model_id, conversation_id, memory_id, content, embedding)
select l.user_id, m.id, l.id, l.id, 'It is so', '[1,2]' from lines l, memory.embedding_models m where m.name = 'tap-uneven';
insert into memory.embedding_counts (user_id, model_id, embeddings) select user_id, model_id, count(*) from memory.embeddings
 group by 1, 2 on conflict (user_id, model_id) do nothing;
insert into chat.planner_executions (user_id, id, goal, conversation_id) select user_id, id, 'Something', id from lines;
insert into chat.function_executions (user_id, id, skill_name, skill_version, status, conversation_id, started_at, expires_at,
                                      finished_at)
select user_id, id, 'TapUneven', '1.0.0', 'succeeded', id, now(), now(), now() from lines;
set local session_replication_role = origin;
analyze chat.conversations, chat.messages, chat.message_client_ids, chat.message_edits, chat.planner_executions,
  chat.function_executions, memory.semantic_memories, memory.embeddings, memory.embedding_counts;

-- How many rows of chat and memory a statement reads.
create function pg_temp.rows_read(p_statement text) returns bigint language plpgsql as $$
declare
  v_before bigint;
begin
  v_before := (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
                where s.schemaname in ('chat', 'memory'));
  execute p_statement;
  return (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
           where s.schemaname in ('chat', 'memory')) - v_before;
end $$;
create function pg_temp.erase(p_n integer) returns bigint language sql as $$
  select e.embeddings from lines l cross join api.erase_conversation(l.user_id, l.id) e where l.n = p_n
$$;
create function pg_temp.import(p_n integer) returns text language sql as $$
  select i::text from api.import_conversations(pg_temp.id('4e000'), jsonb_build_array(
    jsonb_build_object('type', 'message', 'conversation', 'c' || p_n, 'client_id', 'new' || p_n, 'role', 'user',
                       'content', 'Hello', 'pinned', true),
    jsonb_build_object('type', 'edit', 'message', 'm' || p_n, 'version', 1, 'content', 'Hi'),
    jsonb_build_object('type', 'summary', 'conversation', 'c' || p_n, 'summary', 'They met', 'until', 'm' || p_n))) i
$$;
create function pg_temp.forget(p_n integer) returns integer language sql as $$
  select d.embeddings from lines l cross join api.delete_memory(l.user_id, l.id) d where l.n = p_n
$$;
create function pg_temp.drop_message(p_n integer) returns void language sql as $$
  select api.delete_message(l.user_id, l.id) from lines l where l.n = p_n
$$;

set session authorization plinth_operator;
-- So often that plans are kept.
select pg_temp.erase(n) from generate_series(3101, 3110) n;
select cmp_ok(pg_temp.rows_read('select pg_temp.erase(3111)'), '<', 100::bigint, 'a conversation that goes for good');
select is(pg_temp.erase(3112), 1::bigint, 'with the vector of its memory');
select pg_temp.import(n) from generate_series(3201, 3210) n;
select cmp_ok(pg_temp.rows_read('select pg_temp.import(3211)'), '<', 100::bigint, 'a history that comes in');
select is(pg_temp.import(3212), '(0,1,0,1,1)', 'a message that is pinned, and a summary; the former text was there');
select pg_temp.forget(n) from generate_series(3301, 3310) n;
select cmp_ok(pg_temp.rows_read('select pg_temp.forget(3311)'), '<', 100::bigint, 'a memory that goes');
select pg_temp.drop_message(n) from generate_series(3401, 3410) n;
select cmp_ok(pg_temp.rows_read('select pg_temp.drop_message(3411)'), '<', 100::bigint, 'a message that goes');
reset session authorization;
-- The queries of foreign keys by themselves.
delete from memory.semantic_memories s using lines l where s.user_id = l.user_id and s.id = l.id and l.n between 3501 and 3510;
select cmp_ok(pg_temp.rows_read($$ delete from memory.semantic_memories s
                 where s.user_id = pg_temp.id('4e000') and s.id = (select l.id from lines l where l.n = 3511) $$),
              '<', 100::bigint, 'a row that another refers to');

select * from finish();
rollback;
