-- core.find_account: the account an administrator means: by its id, its username or its address.
--
-- Rules   What reads as an id is an id, even if a username looked the same.
-- Errors  NF001 there is no such account
create or replace function core.find_account(p_who text)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id uuid;
begin
  if p_who ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    select u.id into v_user_id from auth.users u where u.id = p_who::uuid;
  else
    select l.user_id into v_user_id from auth.logins l where l.login = lower(p_who);
  end if;
  if v_user_id is null then
    perform base.raise('NF001', format('There is no account %s', p_who), 'id');
  end if;
  return v_user_id;
end
$$;

comment on function core.find_account(text) is 'The account with this id, username or address';
grant execute on function core.find_account(text) to plinth_system;
