-- core.search_in_messages: what api.search_all finds in messages: those that have the words, with their rank, and those
-- that are near to the vector, with their distance; p_most of each. Who does not look for one, leaves it out (NULL).
--
-- Errors  VL001 the vector has another length than the model's, or no direction
-- Reads with the rights of plinth_system: its callers belong to that role, and say whose rows they are.
create or replace function core.search_in_messages(
  p_user_id         uuid,
  p_query           tsquery,
  p_model           memory.embedding_models,
  p_embedding       ext.vector,
  p_most            integer,
  p_conversation_id uuid,
  p_from            timestamptz,
  p_to              timestamptz
)
returns table (
  source          text,
  id              uuid,
  conversation_id uuid,
  language        text,
  content         text,
  created_at      timestamptz,
  text_score      real,
  distance        double precision
)
language plpgsql
stable
rows 200
set search_path = pg_catalog, pg_temp
as $$
begin
  -- "offset 0": each is looked up by its key. Of a user with many the planner might read all.
  return query
    select 'message', m.id, m.conversation_id, c.language, m.content, m.created_at, w.rank, n.distance
      from (select f.id, f.rank
              from core.find_messages(p_user_id, p_query, p_most, base.first_id(p_to), base.first_id(p_from),
                                      p_conversation_id) f
             where p_query is not null) w
      full join (select s.id, s.distance
                   from core.near_sources(p_user_id, 'message', p_model, p_embedding, p_most, p_conversation_id, p_from,
                                          p_to) s
                  where p_embedding is not null) n on n.id = w.id
     cross join lateral (
       select k.id, k.conversation_id, k.content, k.created_at from chat.messages k
        where k.user_id = p_user_id and k.id = coalesce(w.id, n.id) offset 0) m
     cross join lateral (
       select k.language from chat.conversations k
        where k.user_id = p_user_id and k.id = m.conversation_id offset 0) c;
end
$$;

comment on function core.search_in_messages(uuid, tsquery, memory.embedding_models, ext.vector, integer, uuid, timestamptz,
                                            timestamptz) is
  'What api.search_all finds in messages';
grant execute on function
  core.search_in_messages(uuid, tsquery, memory.embedding_models, ext.vector, integer, uuid, timestamptz, timestamptz)
  to plinth_system;
