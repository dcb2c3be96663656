-- api.list_limits: what is said of the limits of routes, tiers and single users, in this order.
--
-- Rules   p_kind is route, tier or user; without it all.
-- Permission limits:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL001 kind; after is not a place in this list
-- Owned by plinth_system: it sees the limits of every user.
create or replace function api.list_limits(p_kind text default null, p_after text default null, p_limit integer default 50)
returns table (
  kind                text,
  name                text,
  factor              integer,
  requests_per_minute bigint,
  requests_per_hour   bigint,
  requests_per_day    bigint,
  tokens_per_day      bigint,
  updated_at          timestamptz,
  version             integer,
  cursor              text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind text := split_part(p_after, ' ', 1);
  v_name text := substr(p_after, strpos(p_after, ' ') + 1);
  v_user uuid := '00000000-0000-0000-0000-000000000000';
begin
  perform core.require_permission('limits:manage');
  if p_kind not in ('route', 'tier', 'user') then
    perform base.raise('VL001', 'kind must be route, tier or user', 'kind');
  end if;
  if p_after !~ '^(route \S+ \S+|tier \S+|user [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;
  if v_kind = 'user' then
    v_user := v_name::uuid;
  end if;

  -- Routes and tiers are few; users are read by their key, and no further than the page.
  return query
    select l.kind, l.name, l.factor, l.requests_per_minute, l.requests_per_hour, l.requests_per_day, l.tokens_per_day,
           l.updated_at, l.version, concat(l.kind, ' ', l.name)
      from (select d.* from core.limit_details d
             where d.kind <> 'user' and (p_after is null or (d.kind, d.name) > (v_kind, v_name collate "C"))
            union all
            (select 'user', q.user_id::text, null, q.requests_per_minute, q.requests_per_hour, q.requests_per_day,
                    q.tokens_per_day, q.updated_at, q.version
               from ops.user_quotas q where q.user_id > v_user order by q.user_id limit p_limit)) l
     where p_kind is null or l.kind = p_kind
     order by l.kind, l.name collate "C"
     limit p_limit;
end
$$;

comment on function api.list_limits(text, text, integer) is
  'What is said of the limits of routes, tiers and single users';
grant execute on function api.list_limits(text, text, integer) to plinth_web, plinth_operator;
alter function api.list_limits(text, text, integer) owner to plinth_system;
select http.expose('GET /v1/admin/limits', 'api.list_limits', permission => 'limits:manage', replica => false);
