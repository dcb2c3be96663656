-- api.list_provider_keys: the caller's keys of other services, newest first: last four characters, never more.
--
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this list
create or replace function api.list_provider_keys(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns table (
  id           uuid,
  provider     text,
  name         text,
  last_four    text,
  fingerprint  text,
  created_at   timestamptz,
  updated_at   timestamptz,
  last_used_at timestamptz,
  version      integer,
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
    select d.*, d.id::text
      from core.provider_key_details d
     where p_after is null or d.id < p_after::uuid
     order by d.id desc
     limit p_limit;
end
$$;

comment on function api.list_provider_keys(uuid, text, integer) is
  'The caller''s keys of other services, newest first; never the keys themselves';
grant execute on function api.list_provider_keys(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/provider-keys', 'api.list_provider_keys', replica => false);
