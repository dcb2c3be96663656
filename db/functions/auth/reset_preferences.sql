-- api.reset_preferences: forgets what the caller chose; the defaults hold again.
--
-- Rules   Nothing to forget is no error. The version goes on, so that an older one never fits again.
-- Permission self:write
-- Errors  UN001 nobody is signed in
-- Locks   the row of the caller's preferences
-- Touches preferences
create or replace function api.reset_preferences(p_user_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  update auth.user_preferences p set preferences = '{}' where p.user_id = p_user_id and p.preferences <> '{}';
end
$$;

comment on function api.reset_preferences(uuid) is 'Forgets what the caller chose';
grant execute on function api.reset_preferences(uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/me/preferences', 'api.reset_preferences', permission => 'self:write', status => 204);
