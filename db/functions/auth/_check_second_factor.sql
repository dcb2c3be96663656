-- core.check_second_factor: what a code is worth, which is used up with that:
--
--   not_needed  the account has no second factor
--   needed      it has one, and there is no code
--   right       the code of about now, or a recovery code
--   wrong       anything else, also a code that was used, or one older than that; counted
--   wait        too many were wrong; RL002 is kept
--
-- Rules   Six digits are a code, anything else is a recovery code; blanks and hyphens do not matter, nor does case.
--         Codes and recovery codes are counted apart, so that who lost the generator is not held up by failed codes.
-- Locks   the row of auth.totp: of one code used twice at once, one is right; then the attempts
-- Owned by plinth_system: at sign-in there is no caller yet.
create or replace function core.check_second_factor(p_user_id uuid, p_code text)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_code  text := upper(regexp_replace(p_code, '[[:space:]-]', '', 'g'));
  v_kind  text := case when v_code ~ '^[0-9]{6}$' then 'totp' else 'recovery' end;
  v_totp  auth.totp;
  v_step  bigint;
  v_right boolean;
begin
  select t.* into v_totp from auth.totp t where t.user_id = p_user_id and t.confirmed_at is not null for update;
  if not found then
    return 'not_needed';
  elsif coalesce(v_code, '') = '' then
    return 'needed';
  elsif not core.check_attempts(v_kind, p_user_id::text) then
    return 'wait';
  end if;

  if v_kind = 'totp' then
    v_step := core.totp_step(core.base32_decode(core.decrypt_secret(v_totp.secret_encrypted, 'totp:' || p_user_id)),
                             v_code, v_totp.last_step);
    v_right := v_step is not null;
  else
    v_right := exists (select from auth.recovery_codes r
                        where r.user_id = p_user_id and r.code_hash = sha256(convert_to(v_code, 'UTF8'))
                          and r.used_at is null);
  end if;

  if not core.count_attempt(v_kind, p_user_id::text, v_right) then
    return 'wait';
  elsif not v_right then
    perform ops.write_audit('second_factor.refused', 'auth.users', p_user_id::text, p_user_id);
    return 'wrong';
  end if;

  if v_kind = 'totp' then
    update auth.totp t set last_step = v_step where t.user_id = p_user_id;
  else
    update auth.recovery_codes r set used_at = now()
     where r.user_id = p_user_id and r.code_hash = sha256(convert_to(v_code, 'UTF8'));
    perform ops.write_audit('recovery_code.used', 'auth.users', p_user_id::text, p_user_id);
  end if;
  return 'right';
end
$$;

comment on function core.check_second_factor(uuid, text) is
  'What a code is worth: not_needed, needed, right, wrong or wait; a right one is used up';
alter function core.check_second_factor(uuid, text) owner to plinth_system;
