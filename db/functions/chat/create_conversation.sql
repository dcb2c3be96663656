-- api.create_conversation: begins a conversation.
--
-- Rules   Everything is optional. language is the text search configuration its messages are searched with; without
--         one, that of the setting chat.language.
--         client_id is the application's own name for it, unique per user: the same call with the same name again is
--         answered with the conversation as it is now, and makes no other.
-- Permission self:write
-- Errors  UN001 nobody is signed in; VL001 a field breaks a rule; KC001 the client_id is another conversation's;
--         KC004 the conversation with this client_id is deleted
-- Locks   the name, where there is one
create or replace function api.create_conversation(
  p_user_id   uuid,
  p_title     text default null,
  p_context   jsonb default null,
  p_metadata  jsonb default null,
  p_model     text default null,
  p_language  text default null,
  p_client_id text default null
)
returns setof core.conversation_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id          uuid;
  v_other       chat.conversations;
  v_fingerprint bytea;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_conversation(p_title, p_context, p_metadata, p_model, p_language);
  if p_client_id is not null then
    perform core.check_client_id(p_client_id);
    v_fingerprint := sha256(convert_to(jsonb_build_array(p_title, p_context, p_metadata, p_model, p_language)::text, 'UTF8'));
  end if;

  insert into chat.conversations (user_id, client_id, client_fingerprint, title, context, metadata, model, language)
  values (p_user_id, p_client_id, v_fingerprint, nullif(btrim(p_title), ''), coalesce(p_context, '{}'),
          coalesce(p_metadata, '{}'), nullif(btrim(p_model), ''), coalesce(p_language, base.setting('chat.language')))
  on conflict (user_id, client_id) where client_id is not null do nothing
  returning id into v_id;

  if v_id is null then
    select c.* into v_other from chat.conversations c where c.user_id = p_user_id and c.client_id = p_client_id;
    if not found then
      perform base.raise('40001', 'The conversation with this client_id was erased meanwhile');
    end if;
    if v_other.client_fingerprint <> v_fingerprint then
      perform base.raise('KC001', 'The client_id is that of another conversation', 'client_id');
    end if;
    if v_other.status = 'deleted' then
      perform base.raise('KC004', 'The conversation with this client_id is deleted: restore or erase it');
    end if;
    v_id := v_other.id;
  end if;
  return query select d.* from core.conversation_details d where d.id = v_id;
end
$$;

comment on function api.create_conversation(uuid, text, jsonb, jsonb, text, text, text) is 'Begins a conversation';
grant execute on function api.create_conversation(uuid, text, jsonb, jsonb, text, text, text) to plinth_web, plinth_operator;
select http.expose('POST /v1/conversations', 'api.create_conversation', permission => 'self:write', status => 201);
