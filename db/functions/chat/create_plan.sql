-- api.create_plan: makes a plan: a goal, and the steps to it, each the run of a skill.
--
-- Rules   A step is {"skill", "name", "version", "arguments", "needs", "max_attempts", "timeout_seconds"}; all but
--         skill may be left out. It begins when the steps it needs succeeded: names of earlier steps, [] for none;
--         without needs, the step before it. In arguments {"$result": "<step>", "pointer": "/<part>"} stands for (a
--         part of) the result of a step that it needs. The version of the skill is fixed now.
--         A plan is a draft until it is started; start => true does both. More steps may come until it ends.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation; VL001 goal, metadata, steps; VL001 with all
--         that is wrong with the steps, each with its place; VL003 no goal; KC004 it shall start and has no step
-- Locks   the conversation against its erasure
create or replace function api.create_plan(
  p_user_id         uuid,
  p_goal            text,
  p_steps           jsonb default '[]',
  p_conversation_id uuid default null,
  p_metadata        jsonb default '{}',
  p_start           boolean default false
)
returns setof core.plan_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  p_user_id := core.act_for(p_user_id);
  if p_goal is null then
    perform base.raise('VL003', 'A plan needs a goal', 'goal');
  end if;
  if length(btrim(p_goal)) not between 1 and 4000 then
    perform base.raise('VL001', 'goal must have 1 to 4,000 characters', 'goal');
  end if;
  p_metadata := coalesce(p_metadata, '{}');
  if jsonb_typeof(p_metadata) <> 'object' or octet_length(p_metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16,384 bytes', 'metadata');
  end if;
  if p_conversation_id is not null then
    perform from chat.conversations c where c.user_id = p_user_id and c.id = p_conversation_id for key share;
    perform core.require_conversation(p_user_id, p_conversation_id);
  end if;

  insert into chat.planner_executions (user_id, goal, conversation_id, metadata)
  values (p_user_id, btrim(p_goal), p_conversation_id, p_metadata)
  returning id into v_id;
  perform core.add_steps(p_user_id, v_id, coalesce(p_steps, '[]'));
  if p_start then
    perform core.begin_plan(p_user_id, v_id);
  end if;
  return query select d.* from core.plan_details d where d.id = v_id;
end
$$;

comment on function api.create_plan(uuid, text, jsonb, uuid, jsonb, boolean) is
  'Makes a plan: a goal, and the steps to it, each the run of a skill';
grant execute on function api.create_plan(uuid, text, jsonb, uuid, jsonb, boolean) to plinth_web, plinth_operator;
select http.expose('POST /v1/plans', 'api.create_plan', permission => 'self:write', status => 201);
