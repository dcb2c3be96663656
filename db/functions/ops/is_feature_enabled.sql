-- api.is_feature_enabled: whether a user has a feature, for functions and for psql.
--
-- Rules   A flag that is not there, or put away, is off: code may ask for it before it is made, and after.
--         There is no flag for nobody: who is not signed in has no id from which the same answer could be drawn twice.
-- Errors  UN001 nobody is signed in; NP001 another user was named
create or replace function api.is_feature_enabled(p_user_id uuid, p_flag text)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return core.has_flag(p_user_id, p_flag);
end
$$;

comment on function api.is_feature_enabled(uuid, text) is
  'Whether a user has a feature; false for a flag that is not there';
grant execute on function api.is_feature_enabled(uuid, text) to plinth_operator, plinth_system;
select http.no_route('api.is_feature_enabled', 'GET /v1/flags/{key} answers with variant, value and reason besides');
