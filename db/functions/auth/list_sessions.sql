-- api.list_sessions: where the caller is signed in, newest first.
--
-- Rules   Live sessions only; current marks the one of this request.
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this list
create or replace function api.list_sessions(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns table (
  id           uuid,
  current      boolean,
  address      inet,
  user_agent   text,
  created_at   timestamptz,
  last_seen_at timestamptz,
  expires_at   timestamptz,
  cursor       text
)
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);

  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select s.id, s.id is not distinct from base.request_context(1)::uuid, s.address, s.user_agent,
           s.created_at, s.last_seen_at, s.expires_at, s.id::text
      from auth.sessions s
     where s.user_id = p_user_id and s.ended_at is null and s.refresh_expires_at > now()
       and (p_after is null or s.id < p_after::uuid)
     order by s.id desc
     limit p_limit;
end
$$;

comment on function api.list_sessions(uuid, text, integer) is 'Where the caller is signed in, newest first';
grant execute on function api.list_sessions(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/sessions', 'api.list_sessions', auth => 'session');
