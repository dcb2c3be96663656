-- api.list_flag_history: how a flag came to be what it is: every version, newest first, with who, when, why, and the
-- whole
-- definition before and after.
--
-- Rules   With p_at only what there was at that moment: the first row is what served then.
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such flag; VL001 after is no version
create or replace function api.list_flag_history(
  p_key   text,
  p_at    timestamptz default null,
  p_after text default null,
  p_limit integer default 50
)
returns table (
  version     integer,
  changed_at  timestamptz,
  changed_by  uuid,
  acting_role text,
  reason      text,
  restores    integer,
  before      jsonb,
  after       jsonb,
  cursor      text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('flags:manage');
  if not exists (select from ops.flags f where f.key = p_key) then
    perform base.raise('NF001', format('There is no flag %s', left(p_key, 100)), 'key');
  end if;
  if p_after !~ '^[0-9]{1,9}$' then
    perform base.raise('VL001', 'after must be the next of the page before', 'after');
  end if;

  return query
    select h.version, h.valid_from, h.changed_by, h.acting_role, h.reason, h.restores, b.definition, h.definition,
           h.version::text
      from ops.flag_history h
      left join ops.flag_history b on b.key = h.key and b.version = h.version - 1
     where h.key = p_key and (p_at is null or h.valid_from <= p_at) and (p_after is null or h.version < p_after::integer)
     order by h.version desc
     limit p_limit;
end
$$;

comment on function api.list_flag_history(text, timestamptz, text, integer) is
  'Every version of a feature flag: who, when, why, before and after; or up to what served at a moment';
grant execute on function api.list_flag_history(text, timestamptz, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/admin/flags/{key}/history', 'api.list_flag_history', permission => 'flags:manage');
