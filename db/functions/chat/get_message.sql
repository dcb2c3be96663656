-- api.get_message: one message of the caller.
--
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Errors  UN001 nobody is signed in; NF001 there is no such message
create or replace function api.get_message(p_user_id uuid, p_message_id uuid)
returns setof core.message_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query
    select d.* from core.message_details d
     where d.id = p_message_id
       and (select c.status from chat.conversations c
             where c.user_id = p_user_id and c.id = d.conversation_id) <> 'deleted';
  if not found then
    perform base.raise('NF001', 'There is no such message', 'message_id');
  end if;
end
$$;

comment on function api.get_message(uuid, uuid) is 'One message of the caller';
grant execute on function api.get_message(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/messages/{message_id}', 'api.get_message');
