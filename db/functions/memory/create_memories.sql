-- api.create_memories: writes many memories down at once, all or none.
--
-- Rules   A memory of the list is an object with the fields of create_memory; what it leaves out is as there. ids come
--         in the order of the list.
--         embedding is a list of numbers, the vector that model (or the default one) made of the content.
--         At most memory.batch_limit of them.
-- Permission self:write
-- Errors  UN001 nobody is signed in; VL001 not a list, too long, or a field breaks a rule; VL002 there is no such
--         field; VL003 content is missing, or no model is named and there is no default; NF001 there is no such
--         conversation or model; KC001 another memory refers to the same point of Qdrant; KC004 the model is retired
-- Locks   the conversations, shared, against their erasure
create or replace function api.create_memories(p_user_id uuid, p_memories jsonb, p_model text default null)
returns table (created integer, ids uuid[])
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := base.setting('memory.batch_limit');
  v_read  memory.semantic_memories[];
begin
  p_user_id := core.act_for(p_user_id);

  if not (case jsonb_typeof(p_memories) when 'array' then jsonb_array_length(p_memories) between 1 and v_limit
                                        else false end)
  then
    perform base.raise('VL001', format('memories must be a list of 1 to %s', v_limit), 'memories');
  end if;
  v_read := array(select core.read_memory(p_user_id, i.item, format('memories[%s].', i.n - 1))
                    from jsonb_array_elements(p_memories) with ordinality as i (item, n)
                   order by i.n);

  ids := core.add_memories(v_read, 'memories[%s].');
  perform core.embed_memories(p_user_id, ids, array_agg(i.item ->> 'content' order by i.n),
                              array_agg((i.item ->> 'embedding')::ext.vector order by i.n), p_model, 'memories[%s].')
     from jsonb_array_elements(p_memories) with ordinality as i (item, n);
  created := cardinality(ids);
  return next;
end
$$;

comment on function api.create_memories(uuid, jsonb, text) is 'Writes many memories down at once, all or none';
grant execute on function api.create_memories(uuid, jsonb, text) to plinth_web, plinth_operator;
select http.expose('POST /v1/memories/bulk', 'api.create_memories', permission => 'self:write', status => 201);
