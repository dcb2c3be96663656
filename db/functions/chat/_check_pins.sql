-- core.check_pins: whether one more message of a conversation may be pinned. The conversation's row is locked.
--
-- Errors  KC008 there are as many as there may be
create or replace function core.check_pins(p_user_id uuid, p_conversation_id uuid)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from chat.messages m
       where m.user_id = p_user_id and m.conversation_id = p_conversation_id and m.pinned)
     >= base.setting('chat.pin_limit')::integer
  then
    perform base.raise('KC008', format('There are %s pinned messages already; unpin one', base.setting('chat.pin_limit')),
                       'pinned');
  end if;
end
$$;

comment on function core.check_pins(uuid, uuid) is 'Refuses one pinned message too many';
