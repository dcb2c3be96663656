-- api.list_own_audit: what happened to the caller's account and data, newest first.
--
-- Rules   by_self is NULL where nobody was signed in. Address and agent are those of the user, or of whoever was not
--         signed in: where others acted, they are the others'.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this list
create or replace function api.list_own_audit(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns table (
  id          uuid,
  occurred_at timestamptz,
  by_self     boolean,
  action      text,
  entity_type text,
  entity_id   text,
  changed     text[],
  address     inet,
  user_agent  text,
  cursor      text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select l.id, l.occurred_at, l.action = 'sign_in' or l.actor_id = p_user_id, l.action, l.entity_type, l.entity_id,
           l.changed,
           case when coalesce(l.actor_id, p_user_id) = p_user_id then d.address end,
           case when coalesce(l.actor_id, p_user_id) = p_user_id then d.user_agent end,
           l.id::text
      from (select a.* from ops.audit_logs a
             where a.user_id = p_user_id and (p_after is null or a.id < p_after::uuid)
             order by a.id desc limit p_limit) l
      left join lateral (select a.address, a.user_agent from ops.audit_details a where a.audit_id = l.id offset 0) d on true
     order by l.id desc;
end
$$;

comment on function api.list_own_audit(uuid, text, integer) is
  'What happened to the caller''s account and data, newest first';
grant execute on function api.list_own_audit(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/me/audit', 'api.list_own_audit');
