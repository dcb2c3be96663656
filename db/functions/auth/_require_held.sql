-- core.require_held: nobody hands on, or takes away, what he does not hold himself.
--
-- Rules   Inside a request each of the permissions must be held by one of the caller's roles; '*' holds all of them,
--         and is held by '*' only. Without a caller a member of plinth_operator holds everything.
-- Errors  UN001 nobody is signed in; NP001 a permission the caller does not hold
create or replace function core.require_held(p_permissions jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_permission text;
begin
  for v_permission in select jsonb_array_elements_text(p_permissions) loop
    perform core.require_permission(v_permission);
  end loop;
end
$$;

comment on function core.require_held(jsonb) is 'Refuses whoever does not hold each of the permissions';
grant execute on function core.require_held(jsonb) to plinth_system;
