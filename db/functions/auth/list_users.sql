-- api.list_users: accounts, filtered, searched, sorted, page by page.
--
-- Rules   search finds any part of username, address or full name, without regard to case; it has three letters or
--         digits in a row, because shorter ones are in no index.
--         sort is created_at, username or last_login_at; with - before it, downwards. Who never signed in comes first.
--         created_from is included, created_to is not. Erased accounts are listed only where status asks for them.
--         after belongs to the sort of the answer it comes from.
-- Why plan_cache_mode   One statement serves every mix of filters. It is planned with the values of the call, so that
--         what was not asked for falls away and the index for what was asked for is taken.
-- Permission users:read
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL001 search, status, sort or after
-- Owned by plinth_system: it reads all accounts; under a policy on the user, no search would use its index.
create or replace function api.list_users(
  p_search         text default null,
  p_status         text default null,
  p_tier           text default null,
  p_role           text default null,
  p_email_verified boolean default null,
  p_created_from   timestamptz default null,
  p_created_to     timestamptz default null,
  p_sort           text default '-created_at',
  p_after          text default null,
  p_limit          integer default 50
)
returns table (
  id                 uuid,
  username           text,
  email              text,
  email_verified     boolean,
  full_name          text,
  status             text,
  tier               text,
  roles              text[],
  two_factor_enabled boolean,
  last_login_at      timestamptz,
  login_count        integer,
  created_at         timestamptz,
  updated_at         timestamptz,
  deleted_at         timestamptz,
  version            integer,
  cursor             text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_sort  text := ltrim(p_sort, '-');
  v_down  boolean := p_sort like '-%';
  v_like  text := '%' || replace(replace(replace(lower(btrim(p_search)), '\', '\\'), '%', '\%'), '_', '\_') || '%';
  v_id    uuid;
  v_name  text;
  v_time  timestamptz;
begin
  perform core.require_permission('users:read');

  if p_search !~ '[[:alnum:]]{3}' or length(p_search) > 100 then
    perform base.raise('VL001', 'search must have three letters or digits in a row, and at most 100 characters', 'search');
  end if;
  if p_status not in ('active', 'suspended', 'deleted', 'erased') then
    perform base.raise('VL001', 'status must be active, suspended, deleted or erased', 'status');
  end if;
  if p_sort is null or p_sort !~ '^-?(created_at|username|last_login_at)$' then
    perform base.raise('VL001', 'sort must be created_at, username or last_login_at, with - before it for downwards', 'sort');
  end if;
  if p_after is not null then
    if p_after !~ (case v_sort when 'username' then '^[a-z0-9_.-]{3,40}' else '^-?[0-9]{1,17}' end
                   || '~[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
    then
      perform base.raise('VL001', 'after must be the "next" of an earlier answer with the same sort', 'after');
    end if;
    v_id := split_part(p_after, '~', 2)::uuid;
    if v_sort = 'username' then
      v_name := split_part(p_after, '~', 1);
    else
      v_time := timestamptz 'epoch' + split_part(p_after, '~', 1)::bigint * interval '1 microsecond';
    end if;
  end if;

  return query
    select u.id, u.username, u.email, u.email_verified, u.full_name, u.status, u.tier, u.roles, u.two_factor_enabled,
           u.last_login_at, u.login_count, u.created_at, u.updated_at, u.deleted_at, u.version,
           case v_sort
             when 'username' then lower(u.username)
             when 'created_at' then (extract(epoch from u.created_at) * 1000000)::bigint::text
             else (extract(epoch from coalesce(u.last_login_at, timestamptz 'epoch')) * 1000000)::bigint::text
           end || '~' || u.id
      from auth.users u
     where (p_status is null and u.status <> 'erased' or u.status = p_status)
       and (p_tier is null or u.tier = p_tier)
       and (p_role is null or u.roles @> array[p_role])
       and (p_email_verified is null or u.email_verified = p_email_verified)
       and (p_created_from is null or u.created_at >= p_created_from)
       and (p_created_to is null or u.created_at < p_created_to)
       and (v_like is null
            or lower(u.username || ' ' || u.email || ' ' || coalesce(u.full_name, '')) like v_like)
       and (p_after is null or v_sort <> 'created_at' or v_down or (u.created_at, u.id) > (v_time, v_id))
       and (p_after is null or v_sort <> 'created_at' or not v_down or (u.created_at, u.id) < (v_time, v_id))
       and (p_after is null or v_sort <> 'username' or v_down or (lower(u.username), u.id) > (v_name, v_id))
       and (p_after is null or v_sort <> 'username' or not v_down or (lower(u.username), u.id) < (v_name, v_id))
       and (p_after is null or v_sort <> 'last_login_at' or v_down
            or (coalesce(u.last_login_at, timestamptz 'epoch'), u.id) > (v_time, v_id))
       and (p_after is null or v_sort <> 'last_login_at' or not v_down
            or (coalesce(u.last_login_at, timestamptz 'epoch'), u.id) < (v_time, v_id))
     order by case when v_sort = 'created_at' and not v_down then u.created_at end,
              case when v_sort = 'created_at' and v_down then u.created_at end desc,
              case when v_sort = 'username' and not v_down then lower(u.username) end,
              case when v_sort = 'username' and v_down then lower(u.username) end desc,
              case when v_sort = 'last_login_at' and not v_down then coalesce(u.last_login_at, timestamptz 'epoch') end,
              case when v_sort = 'last_login_at' and v_down then coalesce(u.last_login_at, timestamptz 'epoch') end desc,
              case when not v_down then u.id end,
              case when v_down then u.id end desc
     limit p_limit;
end
$$;

comment on function
  api.list_users(text, text, text, text, boolean, timestamptz, timestamptz, text, text, integer) is
  'Accounts, filtered, searched, sorted, page by page';
grant execute on function
  api.list_users(text, text, text, text, boolean, timestamptz, timestamptz, text, text, integer)
  to plinth_web, plinth_operator;
alter function api.list_users(text, text, text, text, boolean, timestamptz, timestamptz, text, text, integer)
  owner to plinth_system;
select http.expose('GET /v1/users', 'api.list_users', permission => 'users:read');
