-- api.set_password: sets an account's password and ends its sessions.
--
-- Rules   Operators only. The rules of a new password hold. Failed attempts on the account are forgotten, links that
--         wait in mail are void, and the owner is told by mail.
-- Errors  NF001 no such login; VL001 password
-- Locks   the account's row, then its links, its sessions, its attempts
-- Touches sessions
-- Owned by plinth_system: it writes for any account.
create or replace function api.set_password(p_login text, p_password text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user auth.users;
begin
  select u.* into v_user from auth.logins l join auth.users u on u.id = l.user_id where l.login = lower(p_login);
  if not found then
    perform base.raise('NF001', format('There is no account %s', p_login), 'login');
  end if;
  perform core.check_password_of(v_user, p_password);

  update auth.users u set password_hash = core.hash_password(p_password) where u.id = v_user.id;
  perform core.void_one_time_tokens(v_user.id, 'reset_password', 'verify_email');
  perform core.end_sessions(v_user.id, 'password changed');
  perform core.forget_attempts(v_user.id);
  perform core.send_mail(v_user.id, 'password_changed');
end
$$;

comment on function api.set_password(text, text) is 'Sets an account''s password and ends its sessions; for operators';
grant execute on function api.set_password(text, text) to plinth_operator;
alter function api.set_password(text, text) owner to plinth_system;
select http.no_route('api.set_password', 'operators only: plinth user passwd, or psql');
