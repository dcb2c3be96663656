-- core.password_stands: whether the password that was just checked is still the account's, now that its row is locked.
--
-- Rules   Checking a password takes a while, and whoever changed it meanwhile did not mean this request. From here to
--         the commit the account stays as it was checked. An account that went meanwhile has no password, right or
--         wrong.
-- Errors  NF001 the account is no longer active
-- Locks   the account's row
create or replace function core.password_stands(p_checked auth.users)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_hash text;
begin
  select u.password_hash into v_hash
    from auth.users u
   where u.id = p_checked.id and u.status = 'active'
     for no key update;
  if not found then
    perform base.raise('NF001', 'There is no such active account');
  end if;
  return v_hash is not distinct from p_checked.password_hash;
end
$$;

comment on function core.password_stands(auth.users) is
  'Whether the password just checked is still the account''s, which is locked';
grant execute on function core.password_stands(auth.users) to plinth_system;
