-- http.check_server_role: why the HTTP layer must not run as this login, or in this database; no row when it may.
--
-- Rules   The layer's login is a member of plinth_web and nothing stronger: a superuser, the owner of the tables or a
--         role with BYPASSRLS would pass by every row policy.
--         The keys it brings are those of this database.
--         In production, hashes are made at full cost and no default account of the development seeds is left.
-- Owned by plinth_system: it looks for default hashes in every account.
create or replace function http.check_server_role(p_environment text)
returns setof text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select format('%s is a superuser', r.rolname) from pg_roles r where r.rolname = session_user and r.rolsuper
    union all
    select format('%s has BYPASSRLS', r.rolname) from pg_roles r where r.rolname = session_user and r.rolbypassrls
    union all
    select format('%s is a member of %s', session_user, r.rolname)
      from pg_roles r
     where r.rolname in ('plinth_owner', 'plinth_system', 'plinth_operator')
       and pg_has_role(session_user, r.oid, 'member')
       and not exists (select from pg_roles s where s.rolname = session_user and s.rolsuper)
    union all
    select format('%s is not a member of plinth_web', session_user)
     where not pg_has_role(session_user, 'plinth_web', 'member');

  return query select w.wrong from core.wrong_secret_key() as w (wrong) where w.wrong is not null;

  if p_environment = 'production' then
    if base.setting('password.bcrypt_cost')::integer < 10 then
      return next 'the setting password.bcrypt_cost is below 10';
    end if;

    -- Whatever the account is called by now. The first condition is cheap and leaves out all of our own format.
    return query
      select format('the account %s still has its default password', u.username)
        from auth.users u
       where u.password_hash like '$2%' and core.is_default_hash(u.password_hash);
  end if;
end
$$;

comment on function http.check_server_role(text) is 'Why the HTTP layer must not run as this login; no row when it may';
grant execute on function http.check_server_role(text) to plinth_web, plinth_operator;
alter function http.check_server_role(text) owner to plinth_system;
