-- api.get_user_conversations: the caller's conversations, the last active one first, page by page.
--
-- Rules   status is active, archived or deleted; without one, active. title finds any part, without regard to case; it
--         has three letters or digits in a row, because shorter ones are in no index. metadata and context find what
--         contains all that is named. since: with a message or a change at that time or later.
--         Without context and summary, which may be long: get_conversation has them.
-- Why plan_cache_mode   One statement serves every mix of filters. It is planned with the values of the call, so that
--         what was not asked for falls away and the index for what was asked for is taken.
-- Errors  UN001 nobody is signed in; VL001 status, title, metadata, context or after
-- Owned by plinth_system: it calls core.find_conversations, and names the user itself.
create or replace function api.get_user_conversations(
  p_user_id  uuid,
  p_status   text default 'active',
  p_title    text default null,
  p_metadata jsonb default null,
  p_context  jsonb default null,
  p_since    timestamptz default null,
  p_after    text default null,
  p_limit    integer default 50
)
returns table (
  id                uuid,
  client_id         text,
  title             text,
  status            text,
  model             text,
  language          text,
  metadata          jsonb,
  message_count     bigint,
  prompt_tokens     bigint,
  completion_tokens bigint,
  last_message_id   uuid,
  last_message_at   timestamptz,
  created_at        timestamptz,
  updated_at        timestamptz,
  deleted_at        timestamptz,
  erase_after       timestamptz,
  version           integer,
  cursor            text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_like  text := '%' || replace(replace(replace(lower(btrim(p_title)), '\', '\\'), '%', '\%'), '_', '\_') || '%';
  v_time  timestamptz;
  v_id    uuid;
  v_ids   uuid[];
begin
  p_user_id := core.act_for(p_user_id);

  if p_status not in ('active', 'archived', 'deleted') then
    perform base.raise('VL001', 'status must be active, archived or deleted', 'status');
  end if;
  if p_title !~ '[[:alnum:]]{3}' or length(p_title) > 100 then
    perform base.raise('VL001', 'title must have three letters or digits in a row, and at most 100 characters', 'title');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' then
    perform base.raise('VL001', 'metadata must be an object', 'metadata');
  end if;
  if jsonb_typeof(p_context) <> 'object' then
    perform base.raise('VL001', 'context must be an object', 'context');
  end if;
  if p_after is not null then
    if p_after !~ '^[0-9]{1,17}~[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
    end if;
    v_time := timestamptz 'epoch' + split_part(p_after, '~', 1)::bigint * interval '1 microsecond';
    v_id := split_part(p_after, '~', 2)::uuid;
  end if;

  if p_title is not null or p_metadata is not null or p_context is not null then
    v_ids := core.find_conversations(p_user_id, coalesce(p_status, 'active'), v_like, p_metadata, p_context, p_since, v_time,
                                     v_id, p_limit);
  end if;

  return query
    select c.id, c.client_id, c.title, c.status, c.model, c.language, c.metadata, c.message_count, c.prompt_tokens,
           c.completion_tokens, c.last_message_id, c.last_message_at, c.created_at, c.updated_at, c.deleted_at,
           c.erase_after, c.version, (extract(epoch from c.active_at) * 1000000)::bigint || '~' || c.id
      from chat.conversations c
     where c.user_id = p_user_id and c.status = coalesce(p_status, 'active')
       and c.erase_after is distinct from '-infinity'
       and (v_ids is null or c.id = any (v_ids))
       and (p_since is null or c.active_at >= p_since)
       and (p_since is null or c.active_hour > p_since - interval '1 hour')
       and (p_after is null or (c.active_at, c.id) < (v_time, v_id))
       and (p_after is null or c.active_hour <= v_time)
     order by c.active_hour desc, c.active_at desc, c.id desc
     limit p_limit;
end
$$;

comment on function api.get_user_conversations(uuid, text, text, jsonb, jsonb, timestamptz, text, integer) is
  'The caller''s conversations, the last active one first';
grant execute on function api.get_user_conversations(uuid, text, text, jsonb, jsonb, timestamptz, text, integer)
  to plinth_web, plinth_operator;
alter function api.get_user_conversations(uuid, text, text, jsonb, jsonb, timestamptz, text, integer) owner to plinth_system;
select http.expose('GET /v1/conversations', 'api.get_user_conversations');
