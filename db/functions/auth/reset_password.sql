-- api.reset_password: sets a new password by the link of a mail.
--
-- Rules   Once, and only while the account has the address the link went to. The rules of a new password hold; one that
--         breaks them leaves the link good.
--         It signs nobody in: a second factor is still asked for at the next sign-in. One of an account of which
--         nobody had proved any address goes: whoever registered somebody else's address must not keep its owner out.
--         Every session ends, API keys are revoked. Failed attempts are forgotten. The address is verified, since its
--         mail was read. A change of address that was begun is void: who began it may not have been the owner. A notice
--         goes out.
-- Errors  VL004 the link is not, or no longer, good, or the account is not active; VL001, VL003 new_password
-- Locks   the account's row, then its tokens, its sessions, its keys, its second factor, its attempts
-- Touches profile, sessions
-- Owned by plinth_system: whose link it is shows only here.
create or replace function api.reset_password(p_token text, p_new_password text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Before the work of hashing: junk costs nothing.
  v_token auth.one_time_tokens := core.use_one_time_token('reset_password', p_token);
  v_user  auth.users;
begin
  select u.* into v_user from auth.users u
   where u.id = v_token.user_id and u.status = 'active' and u.email = v_token.payload ->> 'email';
  if not found then
    perform base.raise('VL004', 'The link is unknown, was used before, or has run out', 'token');
  end if;
  perform core.check_password_of(v_user, p_new_password);

  update auth.users u
     set password_hash = core.hash_password(p_new_password), email_verified = true
   where u.id = v_user.id;
  perform core.void_one_time_tokens(v_user.id, 'reset_password', 'verify_email');
  perform core.end_sessions(v_user.id, 'password reset');
  update auth.api_keys k
     set revoked_at = clock_timestamp(), revoke_reason = 'password reset', previous_hash = null, previous_expires_at = null
   where k.user_id = v_user.id and k.revoked_at is null;
  if v_user.proved_at is null and v_user.two_factor_enabled then
    delete from auth.totp t where t.user_id = v_user.id;
    perform core.send_mail(v_user.id, 'second_factor_removed');
  end if;
  perform core.forget_attempts(v_user.id);
  perform core.send_mail(v_user.id, 'password_changed');
  perform ops.write_audit('password.reset', 'auth.users', v_user.id::text, v_user.id);
end
$$;

comment on function api.reset_password(text, text) is 'Sets a new password by the link that was mailed';
grant execute on function api.reset_password(text, text) to plinth_web, plinth_operator;
alter function api.reset_password(text, text) owner to plinth_system;
select http.expose('PUT /v1/password-resets', 'api.reset_password', auth => 'none', status => 204, lane => 'hash', once => 'may');
