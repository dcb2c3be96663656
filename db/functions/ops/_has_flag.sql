-- core.has_flag: whether a user has a flag; for functions that have asked already who the user is.
--
-- Rules   A flag that is not there, or was put away, is off.
--         An answer in which this counts is kept no longer than until a schedule changes something. Its route names the
--         tags all:flags and profile; a surface test looks.
create or replace function core.has_flag(p_user_id uuid, p_key text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flags ops.flags[] := core.flag_and_needed(p_key);
  v_user  auth.users;
begin
  if v_flags is null then
    return false;
  end if;
  perform core.fresh_until_a_flag_changes(v_flags);
  select u.* into v_user from auth.users u where u.id = p_user_id;
  return (select j.enabled from core.judge_flags(v_flags, p_user_id, v_user.roles, v_user.tier, now()) j where j.key = p_key);
end
$$;

comment on function core.has_flag(uuid, text) is 'Whether a user has a flag';
grant execute on function core.has_flag(uuid, text) to plinth_system;
