-- api.get_flag_details: a flag as administrators see it, also one that was put away.
--
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such flag
create or replace function api.get_flag_details(p_key text)
returns setof core.flag_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('flags:manage');
  return query select d.* from core.flag_details d where d.key = p_key;
  if not found then
    perform base.raise('NF001', format('There is no flag %s', left(p_key, 100)), 'key');
  end if;
end
$$;

comment on function api.get_flag_details(text) is 'A feature flag, whole';
grant execute on function api.get_flag_details(text) to plinth_web, plinth_operator;
select http.expose('GET /v1/admin/flags/{key}', 'api.get_flag_details', permission => 'flags:manage');
