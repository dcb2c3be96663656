-- core.find_embeddings: which vectors of a model texts have already, as core.put_embeddings keeps them: of each by its
-- number in the lists; NULL for one that has none.
--
-- Rules   Each is looked up by its digest: a join might read all there is of the user. Those of messages are looked for
--         apart: thousands may say the same, and no index knows "is not distinct".
--         One query and no SET: it becomes part of the statement that asks, and is planned with it.
create or replace function core.find_embeddings(
  p_user_id     uuid,
  p_model_id    integer,
  p_contents    text[],
  p_collections text[],
  p_message_ids uuid[],
  p_memory_ids  uuid[]
)
returns table (n bigint, id uuid)
language sql
stable
as $$
  select i.n, f.id
    from unnest(p_contents, p_collections, p_message_ids, p_memory_ids) with ordinality
         as i (content, collection, message_id, memory_id, n)
    left join lateral (
     (select e.id from memory.embeddings e
       where e.user_id = p_user_id and e.model_id = p_model_id
         and e.content_digest between md5(i.content)::uuid and md5(i.content)::uuid
         and e.collection = coalesce(i.collection, '') and e.message_id = i.message_id
       order by e.content_digest
       limit 1)
     union all
     (select e.id from memory.embeddings e
       where i.message_id is null and e.user_id = p_user_id and e.model_id = p_model_id
         and e.content_digest between md5(i.content)::uuid and md5(i.content)::uuid
         and e.collection = coalesce(i.collection, '') and e.message_id is null
         and e.memory_id is not distinct from i.memory_id
       order by e.content_digest
       limit 1)) f on true
$$;

comment on function core.find_embeddings(uuid, integer, text[], text[], uuid[], uuid[]) is
  'Which vectors of a model texts have already';
grant execute on function core.find_embeddings(uuid, integer, text[], text[], uuid[], uuid[]) to plinth_system;
