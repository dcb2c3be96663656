-- api.update_user: changes an account, as an administrator.
--
-- Rules   What is not named stays. An empty text clears full_name, avatar_url or bio. status is active or suspended;
--         a suspended account is signed out everywhere. A new address is not verified unless this says so.
--         Names, status and whether the address is verified decide over the account: they are changed by somebody who
--         may do as much as it. Limits hang on the tier: another one needs limits:manage as well.
--         With p_version the change is made only while that is the current version (optimistic).
-- Permission users:write
-- Errors  UN001 nobody is signed in; NP001 permission missing (for the tier limits:manage), or the account may do more
--         than who asks; NF001 there is no such account; VL001 a field breaks a rule; KC001 username or email is taken;
--         KC002 the version is not the
--         current one; KC003 the last administrator would be suspended; KC004 the account is deleted
-- Locks   the account's row, then, for another status, the role administrator
-- Touches profile, sessions
-- Owned by plinth_system: it writes for any account.
create or replace function api.update_user(
  p_id             uuid,
  p_username       text default null,
  p_email          text default null,
  p_full_name      text default null,
  p_avatar_url     text default null,
  p_bio            text default null,
  p_status         text default null,
  p_tier           text default null,
  p_email_verified boolean default null,
  p_metadata       jsonb default null,
  p_version        integer default null
)
returns setof core.user_accounts
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('users:write');
  perform core.change_account(p_id, coalesce((
      select jsonb_object_agg(f.key, f.value)
        from jsonb_each(jsonb_build_object(
               'username', p_username, 'email', p_email, 'full_name', p_full_name, 'avatar_url', p_avatar_url, 'bio', p_bio,
               'status', p_status, 'tier', p_tier, 'email_verified', p_email_verified)) f
       where f.value <> 'null'), '{}')
    || case when p_metadata is null then '{}' else jsonb_build_object('metadata', p_metadata) end, p_version);
  return query select a.* from core.user_accounts a where a.id = p_id;
end
$$;

comment on function api.update_user(uuid, text, text, text, text, text, text, text, boolean, jsonb, integer) is
  'Changes an account, as an administrator; what is not named stays';
grant execute on function api.update_user(uuid, text, text, text, text, text, text, text, boolean, jsonb, integer)
   to plinth_web, plinth_operator;
alter function api.update_user(uuid, text, text, text, text, text, text, text, boolean, jsonb, integer) owner to plinth_system;
select http.expose('PATCH /v1/users/{id}', 'api.update_user', permission => 'users:write');
