-- api.get_preferences: what the caller prefers: his choices over the defaults.
--
-- Errors  UN001 nobody is signed in
-- Cache   preferences
create or replace function api.get_preferences(p_user_id uuid)
returns table (preferences jsonb, version integer, updated_at timestamptz)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row auth.user_preferences;
begin
  p_user_id := core.act_for(p_user_id);
  select p.* into v_row from auth.user_preferences p where p.user_id = p_user_id;
  preferences := core.merge_patch(core.default_preferences(), coalesce(v_row.preferences, '{}'));
  version := coalesce(v_row.version, 0);
  updated_at := v_row.updated_at;
  return next;
end
$$;

comment on function api.get_preferences(uuid) is 'What the caller prefers: choices over defaults';
grant execute on function api.get_preferences(uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/me/preferences', 'api.get_preferences', cache => 300, tags => '{preferences,all:preferences}');
