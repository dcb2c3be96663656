-- api.start_function_execution: notes that a skill is about to run, and checks whether it may, with these arguments.
-- The application runs it and says with api.finish_function_execution how it ended.
--
-- Rules   The current version where none is named; it must be enabled. The arguments are checked against its
--         parameters. A message is one of the named conversation. Time is told by the database, from now on. What is
--         not finished after timeout_seconds (those of the skill where not given) counts as timed out.
--         attempt is for the application's own counting; 1 is the first. A call that is repeated under one
--         Idempotency-Key starts one run.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such skill, version, conversation or message; KC004 the skill
--         is switched off; VL001 all that is wrong with the arguments, each with its place; VL001 attempt,
--         timeout_seconds, message_id without a conversation
-- Locks   the conversation against its erasure
create or replace function api.start_function_execution(
  p_user_id         uuid,
  p_name            text,
  p_arguments       jsonb default '{}',
  p_version         text default null,
  p_conversation_id uuid default null,
  p_message_id      uuid default null,
  p_timeout_seconds integer default null,
  p_attempt         integer default 1
)
returns setof core.execution_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_skill     chat.skills;
  v_faults    jsonb;
  v_execution chat.function_executions;
begin
  p_user_id := core.act_for(p_user_id);
  v_skill := core.find_skill(p_name, p_version);
  if not v_skill.enabled then
    perform base.raise('KC004', format('The skill %s %s is switched off', v_skill.name, v_skill.version), 'name');
  end if;
  p_arguments := coalesce(p_arguments, '{}');
  p_attempt := coalesce(p_attempt, 1);
  if p_attempt not between 1 and 100 then
    perform base.raise('VL001', 'attempt must be from 1 to 100', 'attempt');
  end if;
  if p_timeout_seconds not between 1 and 86400 then
    perform base.raise('VL001', 'timeout_seconds must be from 1 to 86,400', 'timeout_seconds');
  end if;
  if octet_length(p_arguments::text) > 131072 then
    perform base.raise('VL001', 'arguments must have at most 131,072 bytes', 'arguments');
  end if;
  v_faults := core.json_faults(p_arguments, v_skill.parameters, 'arguments');
  if v_faults <> '[]' then
    perform base.raise_all('VL001', format('The arguments are not those of %s %s; errors tells what is wrong', v_skill.name,
                                           v_skill.version), v_faults);
  end if;

  if p_conversation_id is not null then
    perform from chat.conversations c where c.user_id = p_user_id and c.id = p_conversation_id for key share;
    perform core.require_conversation(p_user_id, p_conversation_id);
  end if;
  if p_message_id is not null then
    if p_conversation_id is null then
      perform base.raise('VL001', 'Name the conversation of the message, too', 'message_id');
    end if;
    if not exists (select from chat.messages m where m.user_id = p_user_id and m.id = p_message_id
                      and m.conversation_id = p_conversation_id)
    then
      perform base.raise('NF001', 'There is no such message in the conversation', 'message_id');
    end if;
  end if;

  v_execution := core.open_execution(p_user_id, v_skill, p_arguments, p_conversation_id, p_message_id, null, null, p_attempt,
                                     p_timeout_seconds);
  return query select d.* from core.execution_details d where d.id = v_execution.id;
end
$$;

comment on function api.start_function_execution(uuid, text, jsonb, text, uuid, uuid, integer, integer) is
  'Notes that a skill is about to run, and checks whether it may, with these arguments';
grant execute on function api.start_function_execution(uuid, text, jsonb, text, uuid, uuid, integer, integer)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/skills/{name}/executions', 'api.start_function_execution',
                   permission => 'self:write', status => 201);
