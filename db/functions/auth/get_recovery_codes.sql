-- api.get_recovery_codes: how many recovery codes are left; the codes themselves nobody can tell.
--
-- Errors  UN001 nobody is signed in; NF001 there is no second factor
create or replace function api.get_recovery_codes(p_user_id uuid)
returns table (remaining integer, created_at timestamptz)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query
    select count(*) filter (where r.used_at is null)::integer, max(r.created_at)
      from auth.recovery_codes r where r.user_id = p_user_id
    having count(*) > 0;
  if not found then
    perform base.raise('NF001', 'There is no second factor');
  end if;
end
$$;

comment on function api.get_recovery_codes(uuid) is 'How many recovery codes are left, and since when there are these';
grant execute on function api.get_recovery_codes(uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/me/recovery-codes', 'api.get_recovery_codes', auth => 'session', result => 'one');
