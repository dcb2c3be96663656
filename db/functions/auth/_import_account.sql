-- core.import_account: makes one account from what an administrator brings, with its password hash or without.
--
-- Rules   p_account holds username, email, and where known id, full_name, avatar_url, bio, metadata, tier,
--         email_verified, password_hash. Nobody gets mail. The account is active and has the role user.
--         A tier other than free raises its limits, so whoever names one must be allowed to manage limits.
-- Errors  NP001 limits:manage is missing for the tier; VL001 a field breaks a rule; VL002 there is no such field;
--         KC001 id, username or email is taken
-- Locks   none but the keys it inserts
create or replace function core.import_account(p_account jsonb)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user       auth.users;
  v_field      text;
  v_kind       text;
  v_constraint text;
begin
  if jsonb_typeof(p_account) is distinct from 'object' then
    perform base.raise('VL001', 'Each account must be an object', 'users');
  end if;
  for v_field, v_kind in
    select c.key, jsonb_typeof(c.value) from jsonb_each(p_account) c
  loop
    if v_field not in ('id', 'username', 'email', 'full_name', 'avatar_url', 'bio', 'metadata', 'tier', 'email_verified',
                       'password_hash')
    then
      perform base.raise('VL002', format('%s is not a field of a new account', left(v_field, 60)), left(v_field, 60));
    elsif v_kind <> (case v_field when 'email_verified' then 'boolean' when 'metadata' then 'object' else 'string' end) then
      perform base.raise('VL001', format('%s must be %s', v_field,
        case v_field when 'email_verified' then 'true or false' when 'metadata' then 'an object of at most 16 kB' else 'text' end),
        v_field);
    end if;
  end loop;
  if p_account ->> 'id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'id must be a UUID', 'id');
  end if;

  v_user := jsonb_populate_record(v_user, p_account);
  perform core.check_user_id(v_user.id);
  v_user.id := coalesce(v_user.id, base.new_id());
  v_user.email := btrim(v_user.email);
  v_user.full_name := nullif(btrim(v_user.full_name), '');
  v_user.tier := coalesce(v_user.tier, 'free');
  perform core.check_account(v_user.username, v_user.email, v_user.full_name);
  perform core.check_reserved(v_user.username);
  perform core.check_profile(v_user.full_name, v_user.avatar_url, v_user.bio, v_user.metadata);
  if v_user.password_hash is not null and not core.is_password_hash(v_user.password_hash) then
    perform base.raise('VL001', 'password_hash must be a hash that can be checked, such as bcrypt''s', 'password_hash');
  end if;
  if not exists (select from auth.tiers t where t.name = v_user.tier) then
    perform base.raise('VL001', 'tier must be one of auth.tiers', 'tier');
  end if;
  if v_user.tier <> 'free' then
    perform core.require_permission('limits:manage');
  end if;

  insert into auth.users
    (id, username, email, full_name, avatar_url, bio, metadata, tier, email_verified, password_hash)
  values
    (v_user.id, v_user.username, v_user.email, v_user.full_name, nullif(v_user.avatar_url, ''), nullif(v_user.bio, ''),
     coalesce(v_user.metadata, '{}'), v_user.tier, coalesce(v_user.email_verified, false), v_user.password_hash);
  insert into auth.user_roles (user_id, role, assigned_by) values (v_user.id, 'user', base.current_user_id());
  return v_user.id;
exception when unique_violation then
  get stacked diagnostics v_constraint = constraint_name;
  if v_constraint = 'users_pkey' then
    perform base.raise('KC001', 'The id is taken', 'id');
  elsif exists (select from auth.logins l where l.login = lower(v_user.username)) then
    perform base.raise('KC001', 'The username is taken', 'username');
  end if;
  perform base.raise('KC001', 'The address is taken', 'email');
end
$$;

comment on function core.import_account(jsonb) is 'Makes one account from what an administrator brings';
grant execute on function core.import_account(jsonb) to plinth_system;
