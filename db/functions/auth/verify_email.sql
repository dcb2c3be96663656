-- api.verify_email: spends the link of a mail: its address is proved. If the account wanted to change to that address,
-- it takes over now.
--
-- Rules   The link is for one address. The account's own becomes verified; another one replaces it, if nobody else has
--         taken it by now.
--         After a change, links that wait at the former address are void. If that one was verified, it gets a notice
--         with a link that takes the change back: an address nobody proved to own must not get one.
-- Errors  VL004 the link is not, or no longer, good, or the account is not active; KC001 the address was taken
--         meanwhile
-- Locks   the account's row, then its tokens
-- Touches profile
-- Owned by plinth_system: whose link it is shows only here.
create or replace function api.verify_email(p_token text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_token auth.one_time_tokens := core.use_one_time_token('verify_email', p_token);
  v_email text := v_token.payload ->> 'email';
  v_user  auth.users;
begin
  select u.* into v_user from auth.users u where u.id = v_token.user_id and u.status = 'active';
  if not found then
    perform base.raise('VL004', 'The link is unknown, was used before, or has run out', 'token');
  end if;

  begin
    update auth.users u set email = v_email, email_verified = true where u.id = v_user.id;
  exception when unique_violation then
    perform base.raise('KC001', 'The address is taken', 'email');
  end;

  if v_user.email = v_email then
    perform ops.write_audit('email.verified', 'auth.users', v_user.id::text, v_user.id);
    return;
  end if;

  perform ops.write_audit('email.changed', 'auth.users', v_user.id::text, v_user.id);
  perform core.void_one_time_tokens(v_user.id, 'reset_password');
  if v_user.email_verified then
    perform core.send_mail(v_user.id, 'email_changed',
      jsonb_build_object('email', v_user.email, 'new_address', v_email), v_user.email);
  end if;
end
$$;

comment on function api.verify_email(text) is 'Proves an address by the link that was mailed to it';
grant execute on function api.verify_email(text) to plinth_web, plinth_operator;
alter function api.verify_email(text) owner to plinth_system;
select http.expose('POST /v1/email-verifications', 'api.verify_email', auth => 'none', status => 204, once => 'may');
