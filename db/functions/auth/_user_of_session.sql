-- core.user_of_session: the user that plinth psql --as USER named for the whole session; NULL when there is none.
--
-- Errors  NF001 there is no such account
-- Owned by plinth_system: it looks in the directory before there is a caller.
create or replace function core.user_of_session()
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_login   text := lower(nullif(current_setting('plinth.as_user', true), ''));
  v_user_id uuid;
begin
  if v_login is not null then
    select l.user_id into v_user_id from auth.logins l where l.login = v_login;
    if not found then
      perform base.raise('NF001', format('There is no account %s', v_login), 'user_id');
    end if;
  end if;
  return v_user_id;
end
$$;

comment on function core.user_of_session() is 'The user that plinth psql --as USER named for the session';
alter function core.user_of_session() owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.user_of_session() to plinth_owner;
set local role plinth_owner;
