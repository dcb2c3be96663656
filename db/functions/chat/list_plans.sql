-- api.list_plans: the caller's plans, newest first.
--
-- Why plan_cache_mode   What was not asked for falls away, and the index for what was asked for is taken.
-- Why enable_sort   Each index has the order that is asked for; of a user nobody took statistics of yet, the planner
--         would read and sort all.
-- Errors  UN001 nobody is signed in; VL001 status, after; NF001 there is no such conversation
create or replace function api.list_plans(
  p_user_id         uuid,
  p_status          text default null,
  p_conversation_id uuid default null,
  p_after           text default null,
  p_limit           integer default 50
)
returns table (
  id              uuid,
  goal            text,
  status          text,
  conversation_id uuid,
  metadata        jsonb,
  created_at      timestamptz,
  started_at      timestamptz,
  finished_at     timestamptz,
  updated_at      timestamptz,
  version         integer,
  cursor          text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_sort = off
as $$
begin
  p_user_id := core.act_for(p_user_id);
  if p_status not in ('draft', 'running', 'succeeded', 'failed', 'cancelled') then
    perform base.raise('VL001', 'status must be draft, running, succeeded, failed or cancelled', 'status');
  end if;
  if p_conversation_id is not null then
    perform core.require_conversation(p_user_id, p_conversation_id);
  end if;
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select p.id, p.goal, p.status, p.conversation_id, p.metadata, p.created_at, p.started_at, p.finished_at, p.updated_at,
           p.version, p.id::text
      from chat.planner_executions p
     where p.user_id = p_user_id
       and (p_status is null or p.status = p_status)
       and (p_conversation_id is null or p.conversation_id = p_conversation_id)
       and (p_after is null or p.id < p_after::uuid)
     order by p.id desc
     limit p_limit;
end
$$;

comment on function api.list_plans(uuid, text, uuid, text, integer) is 'The caller''s plans, newest first';
grant execute on function api.list_plans(uuid, text, uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/plans', 'api.list_plans');
