-- api.regenerate_recovery_codes: ten new recovery codes; the old ones are void. They are in this answer only.
--
-- Errors  UN001 nobody is signed in; UN003 a step-up is needed; NF001 there is no second factor
-- Locks   the row of auth.totp, so that no old code is used meanwhile; then the recovery codes
create or replace function api.regenerate_recovery_codes(p_user_id uuid)
returns table (recovery_codes text[])
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform from auth.totp t where t.user_id = p_user_id and t.confirmed_at is not null for update;
  if not found then
    perform base.raise('NF001', 'There is no second factor');
  end if;

  recovery_codes := core.new_recovery_codes(p_user_id);
  perform ops.write_audit('recovery_codes.renewed', 'auth.users', p_user_id::text, p_user_id);
  perform core.send_mail(p_user_id, 'recovery_codes_renewed');
  return next;
end
$$;

comment on function api.regenerate_recovery_codes(uuid) is 'Ten new recovery codes, told once; the old ones are void';
grant execute on function api.regenerate_recovery_codes(uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/me/recovery-codes', 'api.regenerate_recovery_codes', auth => 'step_up', result => 'one');
