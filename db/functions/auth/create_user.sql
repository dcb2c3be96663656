-- api.create_user: registers an account.
--
-- Rules   Username 3 to 40 of letters, digits, and between them _ . -; unique without regard to case, and none that
--         sounds like the service itself (operators may). E-mail likewise unique.
--         A taken username is told. A taken address is told to operators only; else the answer is that of a fresh
--         account, and the owner of the address gets mail. A new account's address gets a link that verifies it.
--         A caller may bring the id; the same request again (same id, names and password) answers the same account,
--         with attempts counted as at sign-in.
--         New accounts are active, on tier free, with role user.
-- Errors  VL001 id, username, email, password, full_name; KC001 username or id (kept, not raised, for an id) taken, for
--         operators also email; RL002 too many attempts (kept, not raised)
-- Locks   none but the keys it inserts; two registrations of one name wait for each other, one gets KC001
-- Owned by plinth_system: there is no caller yet.
create or replace function api.create_user(
  p_username  text,
  p_email     text,
  p_password  text,
  p_full_name text default null,
  p_id        uuid default null
)
returns setof core.user_profiles
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user  auth.users;
  v_owner uuid;
  v_matches boolean;
begin
  p_email := btrim(p_email);
  p_full_name := nullif(btrim(p_full_name), '');
  perform core.check_user_id(p_id);
  perform core.check_account(p_username, p_email, p_full_name);
  perform core.check_reserved(p_username);
  perform core.check_password(p_password, variadic array[p_username, p_email, split_part(p_email, '@', 1)]
                                                 || regexp_split_to_array(coalesce(p_full_name, ''), '\s+'));

  v_user.id := coalesce(p_id, base.new_id());
  -- Hashed before anything is looked up: the work is the same whatever is taken.
  v_user.password_hash := core.hash_password(p_password);

  begin
    insert into auth.users (id, username, email, password_hash, full_name)
    values (v_user.id, p_username, p_email, v_user.password_hash, p_full_name)
    returning * into v_user;

    insert into auth.user_roles (user_id, role) values (v_user.id, 'user');
    perform core.send_mail(v_user.id, 'verify_email', jsonb_build_object('email', v_user.email));
    return query select p.* from core.user_profiles p where p.id = v_user.id;
    return;
  exception when unique_violation then
    -- The directory has one key for names and addresses; which of them is taken is asked now, in a fresh snapshot.
    null;
  end;

  if p_id is not null and exists (select from auth.users u where u.id = p_id) then
    -- Checked and counted as a sign-in is: this answers a question about a password, too.
    if not core.check_attempts('password', lower(p_username)) then
      return;
    end if;
    select u.* into v_user from auth.users u
     where u.id = p_id and u.status = 'active' and not u.two_factor_enabled and lower(u.username) = lower(p_username)
       and lower(u.email) = lower(p_email);
    v_matches := core.password_matches(p_password, v_user.password_hash);
    if not core.count_attempt('password', lower(p_username), v_matches) then
      return;
    end if;
    if v_matches then
      return query select p.* from core.user_profiles p where p.id = p_id;
    elsif pg_has_role(session_user, 'plinth_operator', 'member') then
      perform base.raise('KC001', 'The id is taken', 'id');
    else
      perform core.keep_failure('KC001', 'The id is taken', 'id');
    end if;
    return;
  end if;

  if exists (select from auth.logins l where l.login = lower(p_username)) then
    perform base.raise('KC001', 'The username is taken', 'username');
  end if;

  select l.user_id into v_owner from auth.logins l where l.login = lower(p_email);
  if not found then
    -- It was taken a moment ago and is free now: the whole request is tried again.
    perform base.raise('40001', 'The names changed hands meanwhile');
  end if;
  if pg_has_role(session_user, 'plinth_operator', 'member') then
    perform base.raise('KC001', 'The address is taken', 'email');
  end if;
  -- Once an hour is enough to know; a flood of registrations is no flood of mail.
  perform core.send_mail(v_owner, 'registration_with_your_address', p_dedup => to_char(now(), 'YYYY-MM-DD HH24'));

  return query
    select coalesce(p_id, base.new_id()), p_username, p_email, p_full_name, null::text, null::text, 'active', 'free',
           array['user'], false, '{}'::jsonb, now(), 1;
end
$$;

comment on function api.create_user(text, text, text, text, uuid) is 'Registers an account';
grant execute on function api.create_user(text, text, text, text, uuid) to plinth_web, plinth_operator;
alter function api.create_user(text, text, text, text, uuid) owner to plinth_system;
select http.expose('POST /v1/users', 'api.create_user', auth => 'none', status => 201, lane => 'hash', once => 'may');
