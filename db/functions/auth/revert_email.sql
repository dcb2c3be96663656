-- api.revert_email: takes a change of address back, by the link that was mailed to the former one.
--
-- Rules   Somebody else may have been at work, so what that somebody may hold is worth nothing afterwards: the password
--         is void, every session ends, API keys are revoked, links that wait are void, as are the links that would take
--         back later changes; a second factor goes that was set up after the change, or on the day before it, or the
--         owner could never sign in. A link for a new password goes to the restored address.
--         Links of earlier changes stay good: the first owner of the account has the last word.
-- Errors  VL004 the link is not, or no longer, good, or the account is not active; KC001 the address was taken
--         meanwhile
-- Locks   the account's row, then its tokens, its sessions, its keys, its second factor
-- Touches profile, sessions
-- Owned by plinth_system: whose link it is shows only here.
create or replace function api.revert_email(p_token text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_token auth.one_time_tokens := core.use_one_time_token('email_changed', p_token);
  v_email text := v_token.payload ->> 'email';
begin
  begin
    update auth.users u
       set email = v_email, email_verified = true, password_hash = null
     where u.id = v_token.user_id and u.status = 'active';
    if not found then
      perform base.raise('VL004', 'The link is unknown, was used before, or has run out', 'token');
    end if;
  exception when unique_violation then
    perform base.raise('KC001', 'The address is taken', 'email');
  end;

  perform core.void_one_time_tokens(v_token.user_id, 'reset_password', 'verify_email');
  update auth.one_time_tokens t
     set voided_at = clock_timestamp()
   where t.user_id = v_token.user_id and t.kind = 'email_changed' and t.id > v_token.id
     and t.used_at is null and t.voided_at is null;
  perform core.end_sessions(v_token.user_id, 'address restored');
  update auth.api_keys k
     set revoked_at = clock_timestamp(), revoke_reason = 'address restored', previous_hash = null, previous_expires_at = null
   where k.user_id = v_token.user_id and k.revoked_at is null;
  delete from auth.totp t
   where t.user_id = v_token.user_id
     and coalesce(t.confirmed_at, 'infinity') > v_token.created_at - interval '1 day';
  perform core.send_mail(v_token.user_id, 'reset_password', jsonb_build_object('email', v_email), v_email);
  perform ops.write_audit('email.reverted', 'auth.users', v_token.user_id::text, v_token.user_id);
end
$$;

comment on function api.revert_email(text) is 'Takes a change of address back, by the link mailed to the former one';
grant execute on function api.revert_email(text) to plinth_web, plinth_operator;
alter function api.revert_email(text) owner to plinth_system;
select http.expose('POST /v1/email-reversions', 'api.revert_email', auth => 'none', status => 204, once => 'may');
