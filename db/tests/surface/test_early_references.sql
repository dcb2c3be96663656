-- The queries of foreign keys, planned while there was nothing, go on for as long as a session lasts: what hangs on a
-- message is found all the same.
begin;
select plan(1);

select create_embedding_model('tap-stale', 2, p_index_kind => 'none');
create function pg_temp.ann() returns uuid language sql immutable as $$ select '019e0000-0000-7000-8000-0000000fd001'::uuid $$;
insert into auth.users (id, username, email) values (pg_temp.ann(), 'tap_stale', 'tap_stale@example.org');
insert into chat.conversations (user_id, id) values (pg_temp.ann(), pg_temp.ann());
create temp table lines as
select base.id_at(now() - (6000 - n) * interval '1 second') as id, n from generate_series(1, 6000) n;
set local session_replication_role = replica;
insert into chat.messages (user_id, id, conversation_id, role, content)
select pg_temp.ann(), l.id, pg_temp.ann(), 'user', 'Hello' from lines l;
update chat.conversations c set message_count = 6000, first_message_id = (select id from lines where n = 1),
       last_message_id = (select id from lines where n = 6000) where c.user_id = pg_temp.ann();
create function pg_temp.drop_message(p_n integer) returns void language sql as $$
  delete from chat.messages m using lines l where m.user_id = pg_temp.ann() and m.id = l.id and l.n = p_n
$$;
set local session_replication_role = origin;
-- For all of it: the queries of foreign keys are planned here, while there is no vector.
set local plan_cache_mode = force_generic_plan;
select pg_temp.drop_message(101);
insert into memory.embeddings (user_id, model_id, conversation_id, message_id, content, embedding)
select pg_temp.ann(), m.id, pg_temp.ann(), l.id, 'Hello', '[1,2]' from lines l, memory.embedding_models m
 where m.name = 'tap-stale' and l.n <> 101;

create function pg_temp.rows_read(p_statement text) returns bigint language plpgsql as $$
declare
  v_before bigint := (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
                       where s.schemaname = 'memory');
begin
  execute p_statement;
  return (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
           where s.schemaname = 'memory') - v_before;
end $$;
select cmp_ok(pg_temp.rows_read('select pg_temp.drop_message(111)'), '<', 100::bigint, 'a message that goes');

select * from finish();
rollback;
