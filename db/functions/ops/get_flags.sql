-- api.get_flags: every flag as it is for the user, with what decided, by key.
--
-- Rules   What decides is told by core.judge_flags. The caller's roles and tier are those of this moment.
-- Errors  UN001 nobody is signed in; NP001 another user was named
-- Cache   all:flags, profile (the tier), sessions (the roles); no longer than until a schedule changes something
create or replace function api.get_flags(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns table (key text, enabled boolean, variant text, value jsonb, reason text, cursor text)
language plpgsql
stable
security definer
rows 100
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flags ops.flags[] := core.flags_at(null);
  v_user  auth.users;
begin
  p_user_id := core.act_for(p_user_id);
  select u.* into v_user from auth.users u where u.id = p_user_id;
  perform core.fresh_until_a_flag_changes(v_flags);

  return query
    select j.*, j.key
      from core.judge_flags(v_flags, p_user_id, v_user.roles, v_user.tier, now()) j
     where p_after is null or j.key > p_after
     order by j.key
     limit p_limit;
end
$$;

comment on function api.get_flags(uuid, text, integer) is 'Every feature flag as it is for the user, with what decided';
grant execute on function api.get_flags(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/flags', 'api.get_flags', cache => 300, tags => '{all:flags,profile}');
