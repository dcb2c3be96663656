-- core.put_embeddings: keeps vectors of texts for one user, each once, however many come at a time.
--
-- Rules   A text is kept once per model, collection, and message or memory it hangs on. What is there already stays:
--         nothing is written or indexed for it. Metadata that is given and differs replaces what was there, a vector
--         only where p_replace says so.
--         p_versions: the version of the message or memory that the vector was made of; if that changed meanwhile, the
--         vector is refused. Every array but contents and embeddings may be left out (NULL).
--         p_many: fields are named as parts of lists, embeddings[0], and not as embedding.
-- Why plan_cache_mode   What differs from call to call finds its partition and its rows by keys, and planning over the
--         partitions of all models would take longer than that.
-- Why between, and enable_…   A session may have planned while the model had next to no rows, when one index is
--         as good as another and no index better still, and be left with what reads all rows of the user. Only the
--         index of what is looked for has it in the order that is asked for; after =, any order would do.
-- Errors  NF001 there is no such message or memory, or the model was dropped meanwhile; VL001 a field breaks a rule, or
--         arrays differ in length; VL003 a text or vector is missing; KC002 the text was changed meanwhile; KC004 the
--         model is retired
-- Locks   the messages, then the memories, both in the order of their ids, against removal, and where versions are
--         named against changes; memory.embeddings, as an insert does; the embeddings that may be replaced, in the
--         order of their ids; the keys of the texts in order; at the end of a statement the user's row of
--         memory.embedding_counts. An embedding that came meanwhile and is locked again is not waited for: 40001
create or replace function core.put_embeddings(
  p_user_id     uuid,
  p_model       memory.embedding_models,
  p_contents    text[],
  p_embeddings  ext.vector[],
  p_collections text[],
  p_message_ids uuid[],
  p_memory_ids  uuid[],
  p_metadata    jsonb[],
  p_versions    integer[],
  p_replace     boolean,
  p_many        boolean
)
returns table (n integer, id uuid, outcome text)
language plpgsql
volatile
rows 1000
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_sort = off
as $$
#variable_conflict use_column
declare
  v_count    integer := cardinality(p_contents);
  v_fault    record;
  v_id       uuid;
  v_made     uuid[];
  v_ids      uuid[];
  v_held     uuid[] := '{}';
  v_replaced uuid[] := '{}';
  v_item     record;
begin
  if p_model.state <> 'active' then
    perform base.raise('KC004', format('The model %s is retired: nothing is added to it', p_model.name), 'model');
  end if;
  select f.name into v_fault
    from (values ('embeddings', cardinality(p_embeddings)), ('collections', cardinality(p_collections)),
                 ('message_ids', cardinality(p_message_ids)), ('memory_ids', cardinality(p_memory_ids)),
                 ('metadata', cardinality(p_metadata)), ('versions', cardinality(p_versions))) as f (name, size)
   where f.size <> v_count limit 1;
  if found then
    perform base.raise('VL001', format('%s must be as many as contents, %s', v_fault.name, v_count), v_fault.name);
  end if;

  select i.n, f.code, f.field, f.rule into v_fault
    from unnest(p_contents, p_collections, p_message_ids, p_memory_ids, p_metadata, p_versions) with ordinality
         as i (content, collection, message_id, memory_id, metadata, version, n)
   cross join lateral (values
     (i.content is null, 'VL003', 'content', 'The text is missing'),
     (length(i.content) not between 1 and 100000, 'VL001', 'content', 'content must have 1 to 100,000 characters'),
     (length(i.collection) > 100, 'VL001', 'collection', 'collection must have at most 100 characters'),
     (jsonb_typeof(i.metadata) <> 'object' or octet_length(i.metadata::text) > 16384, 'VL001', 'metadata',
      'metadata must be an object of at most 16,384 bytes'),
     (i.message_id is not null and i.memory_id is not null, 'VL001', 'memory_id',
      'An embedding hangs on a message or on a memory, not on both'),
     (i.version is not null and coalesce(i.message_id, i.memory_id) is null, 'VL001', 'version',
      'version is that of a message or memory, and none is named')) as f (broken, code, field, rule)
   where f.broken
   order by i.n limit 1;
  if found then
    perform base.raise(v_fault.code, v_fault.rule, core.embedding_field(v_fault.field, v_fault.n, p_many));
  end if;
  for v_n in 1..v_count loop
    perform core.check_embedding(p_model, p_embeddings[v_n], core.embedding_field('embedding', v_n, p_many));
  end loop;

  -- One by one: of a user with many, a plan for any values might read all to find some.
  for v_id in select distinct u.id from unnest(p_message_ids) as u (id) where u.id is not null order by u.id loop
    if p_versions is not null then
      perform from chat.messages m where m.user_id = p_user_id and m.id = v_id for share;
    else
      perform from chat.messages m where m.user_id = p_user_id and m.id = v_id for key share;
    end if;
  end loop;
  for v_id in select distinct u.id from unnest(p_memory_ids) as u (id) where u.id is not null order by u.id loop
    if p_versions is not null then
      perform from memory.semantic_memories s where s.user_id = p_user_id and s.id = v_id for share;
    else
      perform from memory.semantic_memories s where s.user_id = p_user_id and s.id = v_id for key share;
    end if;
  end loop;
  select i.n, i.message_id, o.version is not null as there, o.version into v_fault
    from unnest(p_message_ids, p_memory_ids, p_versions) with ordinality as i (message_id, memory_id, version, n)
    left join lateral (
      select m.version from chat.messages m
       where m.user_id = p_user_id and m.id = i.message_id
         and (select c.status from chat.conversations c
               where c.user_id = p_user_id and c.id = m.conversation_id) <> 'deleted'
      union all
      select s.version from memory.semantic_memories s
       where s.user_id = p_user_id and s.id = i.memory_id and coalesce(s.expires_at, 'infinity') > now()) o on true
   where coalesce(i.message_id, i.memory_id) is not null and (o.version is null or o.version <> i.version)
   order by i.n limit 1;
  if found then
    if v_fault.there then
      perform base.raise('KC002', format('The text was changed meanwhile: its version is %s', v_fault.version),
                         core.embedding_field('version', v_fault.n, p_many));
    end if;
    if v_fault.message_id is null then
      perform base.raise('NF001', 'There is no such memory', core.embedding_field('memory_id', v_fault.n, p_many));
    end if;
    perform base.raise('NF001', 'There is no such message', core.embedding_field('message_id', v_fault.n, p_many));
  end if;

  -- While this holds the table, nobody takes the model's partition away.
  lock table only memory.embeddings in row exclusive mode;
  perform from memory.embedding_models m where m.id = p_model.id;
  if not found then
    perform base.raise('NF001', format('There is no embedding model %s', p_model.name), 'model');
  end if;

  -- What is replaced is locked before anything is counted: who deletes it locks it first, too. One by one, as above.
  if p_replace or p_metadata is not null then
    for v_id in
      select f.id
        from core.find_embeddings(p_user_id, p_model.id, p_contents, p_collections, p_message_ids, p_memory_ids) f
       where f.id is not null
       order by f.id
    loop
      perform from memory.embeddings e
        where e.user_id = p_user_id and e.model_id = p_model.id and e.id between v_id and v_id
        order by e.id for no key update;
      v_held := v_held || v_id;
    end loop;
  end if;

  with made as (
    insert into memory.embeddings as e
      (user_id, model_id, message_id, memory_id, conversation_id, collection, content, metadata, embedding, half_embedding)
    select p_user_id, p_model.id, i.message_id, i.memory_id,
           coalesce((select m.conversation_id from chat.messages m where m.user_id = p_user_id and m.id = i.message_id),
                    (select s.conversation_id from memory.semantic_memories s
                      where s.user_id = p_user_id and s.id = i.memory_id)),
           coalesce(i.collection, ''), i.content, coalesce(i.metadata, '{}'),
           case p_model.storage when 'vector' then i.embedding end,
           case p_model.storage when 'halfvec' then i.embedding::ext.halfvec end
      from unnest(p_contents, p_embeddings, p_collections, p_message_ids, p_memory_ids, p_metadata)
           as i (content, embedding, collection, message_id, memory_id, metadata)
     order by md5(i.content)
    on conflict (user_id, content_digest, collection, message_id, memory_id, model_id) do nothing
    returning e.id
  )
  select array_agg(m.id) into v_made from made m;

  select array_agg(f.id order by f.n) into v_ids
    from core.find_embeddings(p_user_id, p_model.id, p_contents, p_collections, p_message_ids, p_memory_ids) f;
  -- One that was there is gone: by a deletion that ended while others went into the index.
  if array_position(v_ids, null) is not null then
    perform base.raise('40001', 'An embedding was removed meanwhile');
  end if;

  if cardinality(v_made) is distinct from v_count and (p_replace or p_metadata is not null) then
    -- One that others made meanwhile, and want again.
    for v_id in select u.id from unnest(v_ids) as u (id) except select u.id from unnest(v_made || v_held) as u (id) loop
      perform from memory.embeddings e
        where e.user_id = p_user_id and e.model_id = p_model.id and e.id between v_id and v_id
        order by e.id for no key update skip locked;
      if not found then
        perform base.raise('40001', 'An embedding was made meanwhile');
      end if;
    end loop;
    for v_item in
      select distinct on (u.id) u.id, u.embedding, u.metadata
        from unnest(v_ids, p_embeddings, p_metadata) with ordinality as u (id, embedding, metadata, n)
       where u.id <> all (coalesce(v_made, '{}'))
       order by u.id, u.n
    loop
      -- It is held, so it stays in its place.
      update memory.embeddings e
         set metadata = coalesce(v_item.metadata, e.metadata),
             embedding = case when p_replace and p_model.storage = 'vector' then v_item.embedding else e.embedding end,
             half_embedding = case when p_replace and p_model.storage = 'halfvec' then v_item.embedding::ext.halfvec
                                   else e.half_embedding end,
             updated_at = clock_timestamp()
       where e.user_id = p_user_id and e.model_id = p_model.id
         and e.ctid = (select h.ctid from memory.embeddings h
                        where h.user_id = p_user_id and h.model_id = p_model.id and h.id between v_item.id and v_item.id
                        order by h.id)
         and (v_item.metadata <> e.metadata
              or p_replace and not coalesce(case p_model.storage
                   when 'vector' then e.embedding operator(ext.=) v_item.embedding
                   else e.half_embedding operator(ext.=) v_item.embedding::ext.halfvec end, false));
      if found then
        v_replaced := v_replaced || v_item.id;
      end if;
    end loop;
  end if;

  return query
    select i.n::integer, i.id,
           case when row_number() over (partition by i.id order by i.n) > 1 then 'kept'
                when i.id = any (v_made) then 'made' when i.id = any (v_replaced) then 'replaced' else 'kept' end
      from unnest(v_ids) with ordinality as i (id, n)
     order by i.n;
end
$$;

comment on function core.put_embeddings(uuid, memory.embedding_models, text[], ext.vector[], text[], uuid[], uuid[],
                                        jsonb[], integer[], boolean, boolean) is
  'Keeps vectors of texts for one user, each once';
