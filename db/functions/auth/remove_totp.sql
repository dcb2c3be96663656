-- api.remove_totp: removes the second factor and its recovery codes, also one that was only begun.
--
-- Rules   For operators, too: who lost generator and recovery codes has to show otherwise who he is.
--         The owner gets mail.
-- Errors  UN001 nobody is signed in; UN003 a step-up is needed; NF001 there is none
-- Locks   the account's row, then that of auth.totp
-- Touches profile
create or replace function api.remove_totp(p_user_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_confirmed_at timestamptz;
begin
  p_user_id := core.act_for(p_user_id);
  perform from auth.users u where u.id = p_user_id for no key update;

  delete from auth.totp t where t.user_id = p_user_id returning t.confirmed_at into v_confirmed_at;
  if not found then
    perform base.raise('NF001', 'There is no second factor');
  end if;
  if v_confirmed_at is not null then
    perform core.send_mail(p_user_id, 'second_factor_removed');
  end if;
end
$$;

comment on function api.remove_totp(uuid) is 'Removes the second factor and its recovery codes';
grant execute on function api.remove_totp(uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/me/totp', 'api.remove_totp', auth => 'step_up', status => 204);
