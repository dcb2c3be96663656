-- api.authenticate_user: whose login and password these are.
--
-- Rules   login is the username or the address, in any case. Only active accounts; where auth.require_verified_email
--         says so, only those with a verified address.
--         A wrong password, an unknown login and an account that may not are alike in answer and work.
--         A hash of an older format, pepper or cost is renewed while the password is at hand.
--         Before the work, core.check_attempts: who failed too often waits, whether or not there is such an account.
-- Errors  UN002 they do not belong together, RL002 too many attempts (kept, not raised, because the attempt stays
--         on record; in psql the answer is no row)
-- Locks   the account's row, when the password is right; then its attempts
-- Owned by plinth_system: there is no caller yet.
create or replace function api.authenticate_user(p_login text, p_password text)
returns setof core.user_profiles
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user    auth.users;
  v_matches boolean := false;
begin
  if not core.check_attempts('password', lower(p_login)) then
    return;
  end if;

  select u.* into v_user
    from auth.logins l
    join auth.users u on u.id = l.user_id
   where l.login = lower(p_login) and u.status = 'active'
     and (u.email_verified or base.setting('auth.require_verified_email') = 'false');

  if core.password_matches(p_password, v_user.password_hash) is true then
    -- The work took a while. From here to the commit the account stays as it was checked: whoever changes password or
    -- status meanwhile waits, and ends the session that comes of this.
    perform from auth.users u
      where u.id = v_user.id and u.status = 'active' and u.password_hash = v_user.password_hash
        for no key update;
    v_matches := found;
  end if;

  if not core.count_attempt('password', lower(p_login), v_matches) then
    return;
  end if;

  if not v_matches then
    perform core.keep_failure('UN002', 'The login and the password do not belong together');
    perform ops.write_audit('sign_in.refused', 'auth.users', v_user.id::text, v_user.id,
                            core.tried_login(v_user.id, p_login));
    return;
  end if;

  if not core.password_is_current(v_user.password_hash) and not core.is_default_hash(v_user.password_hash) then
    update auth.users u set password_hash = core.hash_password(p_password)
     where u.id = v_user.id;
  end if;

  return query select p.* from core.user_profiles p where p.id = v_user.id;
end
$$;

comment on function api.authenticate_user(text, text) is
  'The account a login and a password belong to; no row when they do not';
grant execute on function api.authenticate_user(text, text) to plinth_operator;
alter function api.authenticate_user(text, text) owner to plinth_system;
select http.no_route('api.authenticate_user', 'over HTTP a sign-in makes a session: POST /v1/sessions');
