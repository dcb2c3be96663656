-- api.list_message_edits: the texts a message had, the last one first.
--
-- Rules   version is the version of the message that had the text; what it has now, get_message tells.
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Errors  UN001 nobody is signed in; NF001 there is no such message; VL001 after is not a place in this list
create or replace function api.list_message_edits(
  p_user_id    uuid,
  p_message_id uuid,
  p_after      text default null,
  p_limit      integer default 50
)
returns table (
  version    integer,
  content    text,
  tool_calls jsonb,
  written_at timestamptz,
  edited_at  timestamptz,
  cursor     text
)
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
begin
  p_user_id := core.act_for(p_user_id);
  if p_after !~ '^[0-9]{1,9}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  perform from chat.messages m
    where m.user_id = p_user_id and m.id = p_message_id
      and (select c.status from chat.conversations c
            where c.user_id = p_user_id and c.id = m.conversation_id) <> 'deleted';
  if not found then
    perform base.raise('NF001', 'There is no such message', 'message_id');
  end if;
  return query
    select e.version, e.content, e.tool_calls, e.written_at, e.edited_at, e.version::text
      from chat.message_edits e
     where e.user_id = p_user_id and e.message_id = p_message_id and (p_after is null or e.version < p_after::integer)
     order by e.version desc
     limit p_limit;
end
$$;

comment on function api.list_message_edits(uuid, uuid, text, integer) is 'The texts a message had, the last one first';
grant execute on function api.list_message_edits(uuid, uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/messages/{message_id}/edits', 'api.list_message_edits');
