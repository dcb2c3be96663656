-- api.request_password_reset: mails the account's address a link for a new password.
--
-- Rules   login is the username or the address, in any case. The answer is the same whether or not there is such an
--         account, and so is the work: for an unknown login it is done for a stand-in, and undone.
--         An account gets one such mail in five minutes. Who asks has few requests free (core.check_attempts); a
--         password that was reset from there gives them back.
-- Errors  RL002 too many requests from this address (kept, not raised: the request is on record)
-- Locks   the account's open links of this kind
-- Owned by plinth_system: there is no caller.
create or replace function api.request_password_reset(p_login text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from     text := concat('reset ', core.attempt_address());
  v_user     auth.users;
  v_stand_in auth.users;
  v_sends    boolean;
begin
  if not core.check_attempts('reset', v_from) then
    return;
  end if;
  if not core.count_attempt('reset', v_from, false) then
    return;
  end if;

  select u.* into v_user
    from auth.logins l
    join auth.users u on u.id = l.user_id
   where l.login = lower(btrim(p_login)) and u.status = 'active';
  v_sends := not exists (
    select from ops.outbox o
     where o.user_id = v_user.id and o.kind = 'reset_password' and o.dedup = core.mail_occasion()) and v_user.id is not null;
  select u.* into v_stand_in from auth.users u order by u.created_at, u.id limit 1;

  begin
    if v_sends then
      perform core.send_mail(v_user.id, 'reset_password', jsonb_build_object('email', v_user.email), v_user.email,
                             core.mail_occasion());
    elsif v_stand_in.id is not null then
      perform core.send_mail(v_stand_in.id, 'reset_password', jsonb_build_object('email', v_stand_in.email),
                             v_stand_in.email, core.mail_occasion(gen_random_uuid()::text));
      raise exception using errcode = 'UNDO1';
    end if;
  exception when sqlstate 'UNDO1' then
    null;
  end;

  perform ops.write_audit('password_reset.requested', 'auth.users', v_user.id::text, v_user.id,
                          core.tried_login(v_user.id, p_login));
end
$$;

comment on function api.request_password_reset(text) is 'Mails the account''s address a link for a new password';
grant execute on function api.request_password_reset(text) to plinth_web, plinth_operator;
alter function api.request_password_reset(text) owner to plinth_system;
select http.expose('POST /v1/password-resets', 'api.request_password_reset', auth => 'none', status => 204, once => 'may');
