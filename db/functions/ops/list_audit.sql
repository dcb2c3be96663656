-- api.list_audit: the audit trail, newest first, by who did it, whose data it was, what it was, and when.
--
-- Rules   Every filter that is given holds. p_from is included, p_to is not. An erased detail leaves request,
--         address, agent and values empty.
-- Errors  NP001 permission audit:read missing; VL001 after
-- Owned by plinth_system: the trail is everybody's.
create or replace function api.list_audit(
  p_actor_id    uuid default null,
  p_user        uuid default null,
  p_entity_type text default null,
  p_entity_id   text default null,
  p_action      text default null,
  p_request_id  text default null,
  p_from        timestamptz default null,
  p_to          timestamptz default null,
  p_after       text default null,
  p_limit       integer default 50
)
returns table (
  id          uuid,
  occurred_at timestamptz,
  actor_id    uuid,
  acting_role text,
  user_id     uuid,
  action      text,
  entity_type text,
  entity_id   text,
  changed     text[],
  request_id  text,
  address     inet,
  user_agent  text,
  difference  jsonb,
  cursor      text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('audit:read');
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  -- Which index serves depends on which filters are given: planned for them, each time.
  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  return query
    select l.id, l.occurred_at, l.actor_id, l.acting_role, l.user_id, l.action, l.entity_type, l.entity_id, l.changed,
           d.request_id, d.address, d.user_agent, d.difference, l.id::text
      from ops.audit_logs l
      left join ops.audit_details d on d.audit_id = l.id
     where (p_actor_id is null or l.actor_id = p_actor_id)
       and (p_user is null or l.user_id = p_user)
       and (p_entity_type is null or l.entity_type = p_entity_type)
       and (p_entity_id is null or l.entity_id = p_entity_id)
       and (p_action is null or l.action = p_action)
       and (p_request_id is null or d.request_id = p_request_id)
       -- The id was made a moment before the row was; it is what tells the partitions apart.
       and (p_from is null or l.id >= base.first_id(p_from - interval '1 s') and l.occurred_at >= p_from)
       and (p_to is null or l.id < base.first_id(p_to) and l.occurred_at < p_to)
       and (p_after is null or l.id < p_after::uuid)
     order by l.id desc
     limit p_limit;
end
$$;

comment on function api.list_audit(uuid, uuid, text, text, text, text, timestamptz, timestamptz, text, integer) is
  'The audit trail, newest first';
grant execute on function api.list_audit(uuid, uuid, text, text, text, text, timestamptz, timestamptz, text, integer)
  to plinth_web, plinth_operator;
alter function api.list_audit(uuid, uuid, text, text, text, text, timestamptz, timestamptz, text, integer)
  owner to plinth_system;
select http.expose('GET /v1/audit', 'api.list_audit', permission => 'audit:read', lane => 'slow');
