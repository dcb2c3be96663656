-- api.update_current_user: changes the caller's profile.
--
-- Rules   What is not named stays. An empty text clears an optional field.
--         A new username follows the rules of registration; the old one is free from then on.
--         Not by an API key: the username is what the owner signs in with.
--         With p_version the change is made only while that is the current version (optimistic).
-- Permission self:write
-- Errors  UN001 nobody is signed in; NP001 an API key changes the username; VL001 a field breaks a rule; KC001 the
--         username is taken; KC002 the version is not the current one
-- Locks   the account's row; a new username waits for whoever is about to take it
-- Touches profile
create or replace function api.update_current_user(
  p_user_id    uuid,
  p_full_name  text default null,
  p_avatar_url text default null,
  p_bio        text default null,
  p_metadata   jsonb default null,
  p_version    integer default null,
  p_username   text default null
)
returns setof core.user_profiles
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version integer;
begin
  p_user_id := core.act_for(p_user_id);

  perform core.check_profile(p_full_name, p_avatar_url, p_bio, p_metadata);
  if p_username is not null then
    if base.request_context(5) is not null then
      perform base.raise('NP001', 'An API key does not change the username: sign in', 'username');
    end if;
    perform core.check_username(p_username);
    perform core.check_reserved(p_username);
  end if;

  select u.version into v_version from auth.users u where u.id = p_user_id for no key update;
  if p_version <> v_version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_version, p_version), 'version');
  end if;

  if p_username is not null then
    perform core.claim_login(p_user_id, 'username', p_username);
  end if;
  update auth.users u
     set username = coalesce(p_username, u.username),
         full_name = case when p_full_name is null then u.full_name else nullif(btrim(p_full_name), '') end,
         avatar_url = case when p_avatar_url is null then u.avatar_url else nullif(p_avatar_url, '') end,
         bio = case when p_bio is null then u.bio else nullif(p_bio, '') end,
         metadata = coalesce(p_metadata, u.metadata)
   where u.id = p_user_id;

  return query select p.* from core.user_profiles p where p.id = p_user_id;
end
$$;

comment on function api.update_current_user(uuid, text, text, text, jsonb, integer, text) is
  'Changes the caller''s profile; what is not named stays';
grant execute on function api.update_current_user(uuid, text, text, text, jsonb, integer, text) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/me', 'api.update_current_user', permission => 'self:write');
