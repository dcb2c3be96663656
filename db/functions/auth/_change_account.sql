-- core.change_account: makes an administrator's changes to one account. What is not named stays.
--
-- Rules   p_changes holds username, email, full_name, avatar_url, bio, status (active or suspended), tier,
--         email_verified, metadata. An empty text clears full_name, avatar_url or bio.
--         A new address is not verified unless the same change says so; links sent to the old one are void, and the old
--         one, if it was verified, is told, with a link that takes it back.
--         Limits hang on the tier, so whoever changes it, one's own included, must be allowed to manage limits.
--         With p_version the change is made only while that is the current version.
-- Errors  VL001 a field breaks a rule; VL002 there is no such field; KC001 username or email is taken; KC002 the
--         version is not the current one; KC003 the last administrator would be suspended; KC004 the account is
--         deleted; NF001 there is no such account; NP001 the account may do more than who asks, or limits:manage is
--         missing for the tier
-- Locks   the account's row, then, for another status, the role administrator
-- Touches profile, sessions
create or replace function core.change_account(p_id uuid, p_changes jsonb, p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user  auth.users;
  v_new   auth.users;
  v_field text;
  v_kind  text;
begin
  v_user := core.account_to_change(p_id, p_changes ?| '{username,email,email_verified,status}');
  if p_version <> v_user.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_user.version, p_version), 'version');
  end if;
  if v_user.status = 'deleted' then
    perform base.raise('KC004', 'The account is deleted: restore it first');
  end if;

  for v_field, v_kind in
    select c.key, jsonb_typeof(c.value) from jsonb_each(p_changes) c
  loop
    if v_field not in ('username', 'email', 'full_name', 'avatar_url', 'bio', 'status', 'tier', 'email_verified', 'metadata') then
      perform base.raise('VL002', format('%s is not a field of an account that can be changed', left(v_field, 60)),
                         left(v_field, 60));
    elsif v_kind <> (case v_field when 'email_verified' then 'boolean' when 'metadata' then 'object' else 'string' end) then
      perform base.raise('VL001', format('%s must be %s', v_field,
        case v_field when 'email_verified' then 'true or false' when 'metadata' then 'an object of at most 16 kB' else 'text' end),
        v_field);
    end if;
  end loop;

  v_new := jsonb_populate_record(v_user, p_changes);
  v_new.email := btrim(v_new.email);
  v_new.full_name := nullif(btrim(v_new.full_name), '');
  perform core.check_account(v_new.username, v_new.email, v_new.full_name);
  perform core.check_profile(v_new.full_name, v_new.avatar_url, v_new.bio, v_new.metadata);
  if v_new.status not in ('active', 'suspended') then
    perform base.raise('VL001', 'status must be active or suspended', 'status');
  end if;
  if not exists (select from auth.tiers t where t.name = v_new.tier) then
    perform base.raise('VL001', 'tier must be one of auth.tiers', 'tier');
  end if;
  if v_new.tier <> v_user.tier then
    perform core.require_permission('limits:manage');
  end if;

  if v_new.username <> v_user.username then
    perform core.check_reserved(v_new.username);
    perform core.claim_login(p_id, 'username', v_new.username);
  end if;
  if v_new.email <> v_user.email then
    perform core.claim_login(p_id, 'email', v_new.email);
    perform core.void_one_time_tokens(p_id, 'verify_email', 'reset_password');
    v_new.email_verified := coalesce((p_changes -> 'email_verified')::boolean, false);
  end if;

  update auth.users u
     set username = v_new.username, email = v_new.email, email_verified = v_new.email_verified,
         full_name = v_new.full_name, avatar_url = nullif(v_new.avatar_url, ''), bio = nullif(v_new.bio, ''),
         status = v_new.status, tier = v_new.tier, metadata = v_new.metadata
   where u.id = p_id;
  if v_new.email <> v_user.email and v_user.email_verified then
    perform core.send_mail(p_id, 'email_changed',
      jsonb_build_object('email', v_user.email, 'new_address', v_new.email), v_user.email);
  end if;
end
$$;

comment on function core.change_account(uuid, jsonb, integer) is 'Makes an administrator''s changes to one account';
grant execute on function core.change_account(uuid, jsonb, integer) to plinth_system;
