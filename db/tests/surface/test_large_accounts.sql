-- What is found by a key is looked up by it, also for one user who owns most of a table that others have few rows of:
-- there a plan for any user would read all that the user has.
begin;
select plan(18);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email)
select pg_temp.id('1e' || lpad(n::text, 3, '0')), 'tap_large_' || n, 'tap_large_' || n || '@example.org'
  from generate_series(0, 900) n;
insert into chat.conversations (user_id, id)
select u.id, base.new_id() from auth.users u cross join generate_series(1, 1) n where u.username like 'tap\_large\_%'
union all
select pg_temp.id('1e000'), base.new_id() from generate_series(1, 3000) n;
insert into chat.conversations (user_id, id) values (pg_temp.id('1e000'), pg_temp.id('1ec00'));
insert into memory.semantic_memories (user_id, id, content, conversation_id)
select c.user_id, base.new_id(), 'a stone', c.id from chat.conversations c
 where c.user_id between pg_temp.id('1e000') and pg_temp.id('1e900');
insert into chat.messages (user_id, id, conversation_id, role, content)
select pg_temp.id('1e000'), base.new_id(), pg_temp.id('1ec00'), 'user', 'Hello' from generate_series(1, 3000) n;
insert into chat.messages (user_id, id, conversation_id, role, content)
values (pg_temp.id('1e000'), pg_temp.id('1ea00'), pg_temp.id('1ec00'), 'user', 'Hello');
insert into memory.semantic_memories (user_id, id, content, conversation_id)
values (pg_temp.id('1e000'), pg_temp.id('1eb00'), 'a pebble', pg_temp.id('1ec00'));
select create_embedding_model('tap-large', 3);
select create_embedding_model('tap-bare', 3, p_index_kind => 'none');
insert into memory.embeddings (user_id, model_id, message_id, content, embedding)
select m.user_id, e.id, m.id, m.content, '[1,2,3]' from chat.messages m cross join memory.embedding_models e
 where m.user_id = pg_temp.id('1e000') and m.id <> pg_temp.id('1ea00') and e.name = 'tap-bare';
insert into memory.embeddings (user_id, model_id, memory_id, content, embedding)
select pg_temp.id('1e000'), e.id, pg_temp.id('1eb00'), 'a pebble', '[1,2,3]' from memory.embedding_models e
 where e.name = 'tap-bare';
insert into memory.embeddings (user_id, model_id, memory_id, content, embedding)
select m.user_id, e.id, m.id, m.content, '[1,2,3]' from memory.semantic_memories m cross join memory.embedding_models e
 where m.user_id between pg_temp.id('1e001') and pg_temp.id('1e900') and e.name = 'tap-bare';
analyze chat.conversations, chat.messages, memory.semantic_memories, memory.embeddings;
set local plan_cache_mode = force_generic_plan;

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

set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ select from api.get_message(pg_temp.id('1e000'), pg_temp.id('1ea00')) $$), '<', 100::bigint,
              'a message');
select cmp_ok(pg_temp.rows_read($$ select from api.list_message_edits(pg_temp.id('1e000'), pg_temp.id('1ea00')) $$),
              '<', 100::bigint, 'its former texts');
select cmp_ok(pg_temp.rows_read($$ select from api.get_memory(pg_temp.id('1e000'), pg_temp.id('1eb00')) $$), '<', 100::bigint,
              'a memory');
select cmp_ok(pg_temp.rows_read($$ select from api.list_memories(pg_temp.id('1e000')) $$), '<', 300::bigint,
              'a page of memories');
select cmp_ok(pg_temp.rows_read($$ select from api.search_all(pg_temp.id('1e000'), 'pebble', p_sources => '{memories}') $$),
              '<', 1500::bigint, 'a search for words of one, and a look at how many have them');
select cmp_ok(pg_temp.rows_read($$ select from api.upsert_embedding(pg_temp.id('1e000'), 'Hello', '[1,2,3]', 'tap-large',
              p_message_id => pg_temp.id('1ea00')) $$), '<', 100::bigint, 'a vector of a message');
select cmp_ok(pg_temp.rows_read($$ select from api.upsert_embedding(pg_temp.id('1e000'), 'a pebble', '[1,2,3]', 'tap-large',
              p_memory_id => pg_temp.id('1eb00')) $$), '<', 100::bigint, 'of a memory');
select cmp_ok(pg_temp.rows_read($$ select from api.upsert_embeddings(pg_temp.id('1e000'), '{Hello,a pebble}',
              array['[1,2,3]', '[1,2,3]']::ext.vector[], 'tap-large', p_message_ids => array[pg_temp.id('1ea00'), null],
              p_memory_ids => array[null, pg_temp.id('1eb00')], p_versions => '{1,1}') $$), '<', 100::bigint, 'both, again');
select cmp_ok(pg_temp.rows_read($$ select from api.upsert_embedding(pg_temp.id('1e000'), 'Hello', '[3,2,1]', 'tap-bare',
              p_message_id => pg_temp.id('1ea00'), p_replace => true) $$), '<', 100::bigint, 'of one that says what all say');
select cmp_ok(pg_temp.rows_read($$ select from api.search_all(pg_temp.id('1e000'), null, '[1,2,3]', 'tap-large') $$),
              '<', 100::bigint, 'a search by a vector');
select cmp_ok(pg_temp.rows_read($$ select from api.list_embeddings(pg_temp.id('1e000'), 'tap-large') $$), '<', 100::bigint,
              'both listed');
select cmp_ok(pg_temp.rows_read($$ select from api.list_embeddings(pg_temp.id('1e000'), p_kind => 'memory') $$),
              '<', 100::bigint, 'vectors of memories among many of messages');
select cmp_ok(pg_temp.rows_read($$ select from api.list_embeddings(pg_temp.id('1e000'), p_kind => 'text') $$),
              '<', 100::bigint, 'and of neither');
select cmp_ok(pg_temp.rows_read($$ select from api.delete_embeddings(pg_temp.id('1e000'), p_kind => 'text') $$),
              '<', 100::bigint, 'which go');
select cmp_ok(pg_temp.rows_read($$ select from api.get_messages(pg_temp.id('1e000'), pg_temp.id('1ec00'), p_branch =>
              (select c.last_message_id from chat.conversations c where c.id = pg_temp.id('1ec00')
                and c.user_id = pg_temp.id('1e000'))) $$), '<', 200::bigint, 'a page along a branch');
select cmp_ok(pg_temp.rows_read($$ select from api.update_message(pg_temp.id('1e000'), pg_temp.id('1ea00'), 'Hi') $$),
              '<', 100::bigint, 'an edit');
select cmp_ok(pg_temp.rows_read($$ select from api.delete_memory(pg_temp.id('1e000'), pg_temp.id('1eb00')) $$),
              '<', 100::bigint, 'a memory that goes');
reset session authorization;

insert into auth.users (id, username, email) values (pg_temp.id('1ff04'), 'tap_was_kind', 'tap_was_kind@example.org');
insert into memory.semantic_memories (user_id, kind, content, valid_from)
select pg_temp.id('1ff04'), case when n <= 1000 then 'note' else 'fact' end, 'stone ' || n % 100, now() - n * interval '1 s'
  from generate_series(30000, 1, -1) n;
analyze memory.semantic_memories;
set session authorization plinth_operator;
select set_config('plinth.caller', pg_temp.id('1ff04')::text, true);
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('1ff04'), 'stone', p_kind => 'fact') $$),
              '<', 25000::bigint, 'a recall of a kind that nearly all are of, but none of late');
reset session authorization;

select * from finish();
rollback;
