-- api.list_flags: the flags there are, as administrators see them, by key.
--
-- Rules   Archived ones only where they are asked for, and then no others.
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing
create or replace function api.list_flags(
  p_archived boolean default false,
  p_after    text default null,
  p_limit    integer default 50
)
returns table (
  key           text,
  description   text,
  state         text,
  enabled       boolean,
  percentage    numeric,
  rules         jsonb,
  variants      jsonb,
  off_value     jsonb,
  prerequisites text[],
  starts_at     timestamptz,
  ends_at       timestamptz,
  salt          text,
  archived_at   timestamptz,
  version       integer,
  created_at    timestamptz,
  updated_at    timestamptz,
  cursor        text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('flags:manage');

  return query
    select d.*, d.key
      from core.flag_details d
     where (d.archived_at is not null) = coalesce(p_archived, false) and (p_after is null or d.key > p_after)
     order by d.key
     limit p_limit;
end
$$;

comment on function api.list_flags(boolean, text, integer) is 'The feature flags there are, whole';
grant execute on function api.list_flags(boolean, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/admin/flags', 'api.list_flags', permission => 'flags:manage');
