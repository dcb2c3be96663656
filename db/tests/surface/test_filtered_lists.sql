-- Pages of memories and embeddings by metadata: of what many, some and few have, the same as by comparing all, and read
-- from the newest rows or from the index, never from all there are.
begin;
select plan(16);

select create_embedding_model('tap-filtered', 2, p_index_kind => 'none');
create function pg_temp.ann() returns uuid language sql immutable as $$ select '019e0000-0000-7000-8000-0000000fe001'::uuid $$;
insert into auth.users (id, username, email) values (pg_temp.ann(), 'tap_filtered', 'tap_filtered@example.org');
-- Each hangs on a conversation of its own, which has to be looked at before it is shown.
create temp table lines as
select base.id_at(now() - (6000 - n) * interval '1 minute') as id, n,
       jsonb_build_object('parity', n % 2, 'place', n % 40) || case when n < 9 then '{"early": true}' else '{}' end::jsonb
       || case when n < 3000 then '{"half": 1}' else '{}' end::jsonb as metadata
  from generate_series(1, 6000) n;
set local session_replication_role = replica;
insert into chat.conversations (user_id, id, status, deleted_at, erase_after)
select pg_temp.ann(), id, case when n = 5998 then 'deleted' else 'active' end, case when n = 5998 then now() end,
       case when n = 5998 then now() + interval '1 day' end from lines;
insert into memory.semantic_memories (user_id, id, conversation_id, content, metadata, valid_from)
select pg_temp.ann(), id, id, 'It is so', metadata, now() from lines;
insert into memory.embeddings (user_id, id, model_id, conversation_id, memory_id, content, embedding, metadata)
select pg_temp.ann(), l.id, m.id, l.id, l.id, 'It is so', '[1,2]', l.metadata from lines l, memory.embedding_models m
 where m.name = 'tap-filtered';
set local session_replication_role = origin;
do $$
begin
  perform gin_clean_pending_list(x.indexrelid) from pg_index x join pg_class c on c.oid = x.indexrelid
     join pg_am a on a.oid = c.relam
    where a.amname = 'gin' and c.relkind = 'i' and c.relnamespace = 'memory'::regnamespace;
end $$;
analyze chat.conversations, memory.semantic_memories, memory.embeddings;

create function pg_temp.page(p_list text, p_metadata jsonb, p_after uuid default null) returns text language plpgsql as $$
declare
  v_page text;
begin
  execute format('select string_agg(l.id::text, '' '' order by l.n) from (select id, row_number() over () as n
                    from api.%I(%L, p_metadata => %L, p_after => %L)) l', p_list, pg_temp.ann(), p_metadata, p_after)
     into v_page;
  return v_page;
end $$;
create function pg_temp.all_of(p_metadata jsonb, p_after uuid default null) returns text language sql as $$
  select string_agg(s.id::text, ' ' order by s.id desc)
    from (select l.id from lines l where l.n <> 5998 and l.metadata @> p_metadata and (p_after is null or l.id < p_after)
           order by l.id desc limit 50) s
$$;
create function pg_temp.rows_read(p_list text, p_metadata jsonb) returns bigint language plpgsql as $$
declare
  v_before bigint := (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
                       where s.schemaname in ('chat', 'memory'));
begin
  perform pg_temp.page(p_list, p_metadata);
  return (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
           where s.schemaname in ('chat', 'memory')) - v_before;
end $$;
grant select on lines to plinth_operator;

set session authorization plinth_operator;
select is(pg_temp.page(f.name, '{"parity": 0}'), pg_temp.all_of('{"parity": 0}'), f.name || ': what many have')
  from (values ('list_memories'), ('list_embeddings')) as f (name);
select is(pg_temp.page(f.name, '{"place": 7}'), pg_temp.all_of('{"place": 7}'),
          f.name || ': what some have, the newest by rows, others by the index')
  from (values ('list_memories'), ('list_embeddings')) as f (name);
select is(pg_temp.page(f.name, '{"early": true}'), pg_temp.all_of('{"early": true}'), f.name || ': what few have')
  from (values ('list_memories'), ('list_embeddings')) as f (name);
select is(pg_temp.page(f.name, '{"place": 7}', l.id), pg_temp.all_of('{"place": 7}', l.id), f.name || ': the next page')
  from (values ('list_memories'), ('list_embeddings')) as f (name) join lines l on l.n = 4007;
select is(pg_temp.page(f.name, '{"early": false}'), null, f.name || ': what nobody has')
  from (values ('list_memories'), ('list_embeddings')) as f (name);
select cmp_ok(pg_temp.rows_read(f.name, '{"parity": 0}'), '<', 1500::bigint, f.name || ': rows read for what many have')
  from (values ('list_memories'), ('list_embeddings')) as f (name);
select cmp_ok(pg_temp.rows_read(f.name, '{"early": true}'), '<', 1500::bigint, f.name || ': for what few have')
  from (values ('list_memories'), ('list_embeddings')) as f (name);
select is(pg_temp.page(f.name, '{"half": 1}'), pg_temp.all_of('{"half": 1}'), f.name || ': what all older ones have')
  from (values ('list_memories'), ('list_embeddings')) as f (name);
reset session authorization;

select * from finish();
rollback;
