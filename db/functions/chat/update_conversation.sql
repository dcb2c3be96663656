-- api.update_conversation: changes what can be set of a conversation.
--
-- Rules   What is not named stays. An empty text clears title or model; context and metadata are replaced whole.
--         With p_version the change is made only while that is the current version (optimistic); messages do not count.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation; VL001 a field breaks a rule; KC002 the
--         version is not the current one
-- Locks   the conversation's row
create or replace function api.update_conversation(
  p_user_id         uuid,
  p_conversation_id uuid,
  p_title           text default null,
  p_context         jsonb default null,
  p_metadata        jsonb default null,
  p_model           text default null,
  p_language        text default null,
  p_version         integer default null
)
returns setof core.conversation_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation chat.conversations;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_conversation(p_title, p_context, p_metadata, p_model, p_language);

  v_conversation := core.require_conversation(p_user_id, p_conversation_id, true);
  if p_version <> v_conversation.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_conversation.version, p_version), 'version');
  end if;

  update chat.conversations c
     set title = case when p_title is null then c.title else nullif(btrim(p_title), '') end,
         context = coalesce(p_context, c.context),
         metadata = coalesce(p_metadata, c.metadata),
         model = case when p_model is null then c.model else nullif(btrim(p_model), '') end,
         language = coalesce(p_language, c.language)
   where c.user_id = p_user_id and c.id = p_conversation_id;

  return query select d.* from core.conversation_details d where d.id = p_conversation_id;
end
$$;

comment on function api.update_conversation(uuid, uuid, text, jsonb, jsonb, text, text, integer) is
  'Changes what can be set of a conversation; what is not named stays';
grant execute on function api.update_conversation(uuid, uuid, text, jsonb, jsonb, text, text, integer)
  to plinth_web, plinth_operator;
select http.expose('PATCH /v1/conversations/{conversation_id}', 'api.update_conversation', permission => 'self:write');
