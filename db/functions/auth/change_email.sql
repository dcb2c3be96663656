-- api.change_email: asks for another address. It takes over when the link that is mailed to it is opened.
--
-- Rules   The password is asked for again. The account keeps its address until then (api.verify_email).
--         Whether somebody else has the address shows in no answer: its owner gets a notice in place of the link.
--         One link for the same address in five minutes.
-- Errors  UN001 nobody is signed in; NF001 the account went while the password was checked; VL001 email; UN002 wrong
--         password, RL002 too many attempts (both kept, not raised: the attempt stays on record)
-- Locks   the account's row, then its attempts, then its open links of this kind
-- Owned by plinth_system: it asks whose an address is, and may write to its owner.
create or replace function api.change_email(p_user_id uuid, p_email text, p_password text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user    auth.users;
  v_owner   uuid;
  v_matches boolean;
begin
  p_user_id := core.act_for(p_user_id);
  p_email := btrim(p_email);
  select u.* into v_user from auth.users u where u.id = p_user_id;
  perform core.check_account(v_user.username, p_email, null);

  if not core.check_attempts('password', lower(v_user.username)) then
    return;
  end if;
  v_matches := core.password_matches(p_password, v_user.password_hash);
  if v_matches then
    -- Else who changed the password, which voids open links, could still be followed by one.
    v_matches := core.password_stands(v_user);
  end if;
  if not core.count_attempt('password', lower(v_user.username), v_matches) then
    return;
  end if;
  if not v_matches then
    perform core.keep_failure('UN002', 'The password is wrong', 'password');
    perform ops.write_audit('email.change_refused', 'auth.users', p_user_id::text, p_user_id);
    return;
  end if;

  -- Without the address: it may be somebody else's, whose erasure would not find it here.
  perform ops.write_audit('email.change_requested', 'auth.users', p_user_id::text, p_user_id);
  select l.user_id into v_owner from auth.logins l where l.login = lower(p_email) and l.user_id <> p_user_id;
  if found then
    perform core.send_mail(v_owner, 'change_to_your_address', p_dedup => core.mail_occasion());
  else
    perform core.send_mail(p_user_id, 'verify_email', jsonb_build_object('email', p_email), p_email,
                           core.mail_occasion(p_email));
  end if;
end
$$;

comment on function api.change_email(uuid, text, text) is 'Asks for another address; the link mailed to it makes it so';
grant execute on function api.change_email(uuid, text, text) to plinth_web, plinth_operator;
alter function api.change_email(uuid, text, text) owner to plinth_system;
select http.expose('POST /v1/me/email', 'api.change_email', auth => 'session', status => 204, lane => 'hash');
