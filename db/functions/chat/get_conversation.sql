-- api.get_conversation: one conversation of the caller.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation
create or replace function api.get_conversation(p_user_id uuid, p_conversation_id uuid)
returns setof core.conversation_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query select d.* from core.conversation_details d where d.id = p_conversation_id and d.status <> 'deleted';
  if not found then
    perform base.raise('NF001', 'There is no such conversation', 'conversation_id');
  end if;
end
$$;

comment on function api.get_conversation(uuid, uuid) is 'One conversation of the caller';
grant execute on function api.get_conversation(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/conversations/{conversation_id}', 'api.get_conversation');
