-- api.get_flag: one flag as it is for the user, with what decided.
--
-- Errors  UN001 nobody is signed in; NP001 another user was named; NF001 there is no such flag
-- Cache   all:flags, profile (the tier), sessions (the roles); no longer than until a schedule changes something
create or replace function api.get_flag(p_user_id uuid, p_key text)
returns table (key text, enabled boolean, variant text, value jsonb, reason text)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flags ops.flags[] := core.flag_and_needed(p_key);
  v_user  auth.users;
begin
  p_user_id := core.act_for(p_user_id);
  if v_flags is null then
    perform base.raise('NF001', format('There is no flag %s', left(p_key, 100)), 'key');
  end if;
  select u.* into v_user from auth.users u where u.id = p_user_id;
  perform core.fresh_until_a_flag_changes(v_flags);

  return query
    select j.* from core.judge_flags(v_flags, p_user_id, v_user.roles, v_user.tier, now()) j where j.key = p_key;
end
$$;

comment on function api.get_flag(uuid, text) is 'One feature flag as it is for the user, with what decided';
grant execute on function api.get_flag(uuid, text) to plinth_web, plinth_operator;
select http.expose('GET /v1/flags/{key}', 'api.get_flag', cache => 300, tags => '{all:flags,profile}');
