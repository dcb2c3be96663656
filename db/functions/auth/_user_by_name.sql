-- core.user_by_name: the active account with this username. Usernames are public; addresses are not looked up here.
--
-- Errors  NF001 there is no such account
-- Owned by plinth_system: it looks in the directory for another user.
create or replace function core.user_by_name(p_username text)
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id uuid;
begin
  select u.id into v_user_id
    from auth.logins l
    join auth.users u on u.id = l.user_id and u.status = 'active'
   where l.login = lower(p_username) and l.kind = 'username';
  if not found then
    perform base.raise('NF001', 'There is no user of that name', 'username');
  end if;
  return v_user_id;
end
$$;

comment on function core.user_by_name(text) is 'The active account with this username';
alter function core.user_by_name(text) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.user_by_name(text) to plinth_owner;
set local role plinth_owner;
