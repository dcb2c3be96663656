-- api.update_preferences: changes what the caller prefers, by a JSON merge patch (RFC 7396).
--
-- Rules   What is not named stays, null goes back to the default. Names, types and bounds are those of
--         auth.preference_defaults.
--         With p_version the change is made only while that is the current version (optimistic); 0 before the first.
-- Permission self:write
-- Errors  UN001 nobody is signed in; VL001 a value that is not allowed, or a document too large; VL002 an unknown name;
--         KC002 the version is not the current one
-- Locks   the row of the caller's preferences
-- Touches preferences
create or replace function api.update_preferences(p_user_id uuid, p_preferences jsonb, p_version integer default null)
returns table (preferences jsonb, version integer, updated_at timestamptz)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row auth.user_preferences;
  v_new jsonb;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_preferences(p_preferences);

  insert into auth.user_preferences (user_id) values (p_user_id) on conflict do nothing;
  select p.* into v_row from auth.user_preferences p where p.user_id = p_user_id for no key update;
  if p_version <> v_row.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_row.version, p_version), 'version');
  end if;

  v_new := core.merge_patch(v_row.preferences, p_preferences);
  -- What grew by several patches: an object is bounded as a whole, and so is the document.
  perform core.check_preferences(v_new);
  if octet_length(v_new::text) > 32768 then
    perform base.raise('VL001', 'preferences must have at most 32 kB', 'preferences');
  end if;
  update auth.user_preferences p set preferences = v_new where p.user_id = p_user_id;

  return query select g.* from api.get_preferences(p_user_id) g;
end
$$;

comment on function api.update_preferences(uuid, jsonb, integer) is
  'Changes what the caller prefers; what is not named stays, null goes back to the default';
grant execute on function api.update_preferences(uuid, jsonb, integer) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/me/preferences', 'api.update_preferences', permission => 'self:write');
