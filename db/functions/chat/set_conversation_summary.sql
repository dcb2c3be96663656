-- api.set_conversation_summary: what a conversation was about so far. It stands for the messages up to one of them.
--
-- Rules   An empty summary takes it away, and until is not needed then.
--         With p_seen, the until of the summary that was known before, it is set only while that is still so: of two
--         who sum up at once, the second does not replace a summary that covers more. All zeros: there was none.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation, or until is no message of it; VL001 summary
--         is longer than 100,000 characters; VL003 until is missing; KC002 there is another summary by now
-- Locks   the conversation's row
create or replace function api.set_conversation_summary(
  p_user_id         uuid,
  p_conversation_id uuid,
  p_summary         text,
  p_until           uuid default null,
  p_seen            uuid default null
)
returns setof core.conversation_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_talk chat.conversations;
begin
  p_user_id := core.act_for(p_user_id);
  if length(p_summary) > 100000 then
    perform base.raise('VL001', 'summary must have at most 100,000 characters', 'summary');
  end if;
  v_talk := core.require_conversation(p_user_id, p_conversation_id, true);
  if p_seen <> coalesce(v_talk.summary_until, '00000000-0000-0000-0000-000000000000') then
    perform base.raise('KC002', 'There is another summary by now', 'seen');
  end if;

  if coalesce(p_summary, '') = '' then
    p_summary := null;
    p_until := null;
  elsif p_until is null then
    perform base.raise('VL003', 'until is required: the last message that the summary covers', 'until');
  else
    perform from chat.messages m
      where m.user_id = p_user_id and m.id = p_until and m.conversation_id = p_conversation_id;
    if not found then
      perform base.raise('NF001', 'There is no such message in this conversation', 'until');
    end if;
  end if;
  update chat.conversations c
     set summary = p_summary, summary_until = p_until
   where c.user_id = p_user_id and c.id = p_conversation_id;
  return query select d.* from core.conversation_details d where d.id = p_conversation_id;
end
$$;

comment on function api.set_conversation_summary(uuid, uuid, text, uuid, uuid) is
  'Sets what a conversation was about up to one of its messages';
grant execute on function api.set_conversation_summary(uuid, uuid, text, uuid, uuid) to plinth_web, plinth_operator;
select http.expose('PUT /v1/conversations/{conversation_id}/summary', 'api.set_conversation_summary',
                   permission => 'self:write');
