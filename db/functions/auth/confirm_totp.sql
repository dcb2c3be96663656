-- api.confirm_totp: a code shows that the seed arrived; from now on sign-in asks for one. Returns the recovery codes,
-- which are in this answer and nowhere else.
--
-- Rules   Other sessions end: they began without the second factor. The owner gets mail.
-- Errors  UN001 nobody is signed in; UN003 a step-up is needed; NF001 nothing was begun; KC004 confirmed already;
--         VL001 code; SV503 no keys
-- Locks   the account's row, that of auth.totp, then the sessions
-- Touches profile, sessions
create or replace function api.confirm_totp(p_user_id uuid, p_code text)
returns table (recovery_codes text[])
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_totp auth.totp;
  v_step bigint;
begin
  p_user_id := core.act_for(p_user_id);
  perform from auth.users u where u.id = p_user_id for no key update;
  select t.* into v_totp from auth.totp t where t.user_id = p_user_id for update;
  if not found then
    perform base.raise('NF001', 'No second factor waits to be confirmed');
  elsif v_totp.confirmed_at is not null then
    perform base.raise('KC004', 'It is confirmed already');
  end if;

  v_step := core.totp_step(core.base32_decode(core.decrypt_secret(v_totp.secret_encrypted, 'totp:' || p_user_id)),
                           regexp_replace(p_code, '[[:space:]-]', '', 'g'), v_totp.last_step);
  if v_step is null then
    perform base.raise('VL001', 'code is not what the generator shows now; is its clock right?', 'code');
  end if;

  update auth.totp t set confirmed_at = now(), last_step = v_step where t.user_id = p_user_id;
  recovery_codes := core.new_recovery_codes(p_user_id);
  perform core.end_sessions(p_user_id, 'second factor added', base.request_context(1)::uuid);
  perform core.send_mail(p_user_id, 'second_factor_added');
  return next;
end
$$;

comment on function api.confirm_totp(uuid, text) is 'Makes the second factor count; the recovery codes are told once';
grant execute on function api.confirm_totp(uuid, text) to plinth_web, plinth_operator;
select http.expose('PUT /v1/me/totp', 'api.confirm_totp', auth => 'step_up', result => 'one');
