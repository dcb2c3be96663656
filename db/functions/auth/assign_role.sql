-- api.assign_role: gives an account a role.
--
-- Rules   Operators only. Having it already is no error.
-- Errors  NF001 no such login, no such role
-- Locks   none but the key it inserts
-- Owned by plinth_system: it writes for any account.
create or replace function api.assign_role(p_login text, p_role text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id uuid := (select l.user_id from auth.logins l where l.login = lower(p_login));
begin
  if v_user_id is null then
    perform base.raise('NF001', format('There is no account %s', p_login), 'login');
  end if;
  if not exists (select from auth.roles r where r.name = p_role) then
    perform base.raise('NF001', format('There is no role %s', p_role), 'role');
  end if;

  insert into auth.user_roles (user_id, role, assigned_by)
  values (v_user_id, p_role, base.current_user_id())
  on conflict do nothing;
end
$$;

comment on function api.assign_role(text, text) is 'Gives an account a role; for operators';
grant execute on function api.assign_role(text, text) to plinth_operator;
alter function api.assign_role(text, text) owner to plinth_system;
select http.no_route('api.assign_role', 'operators only: plinth user role, or psql');
