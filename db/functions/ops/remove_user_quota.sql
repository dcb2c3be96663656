-- api.remove_user_quota: a user has the limits of the tier again.
--
-- Rules   The account is named by id, username or address. Not having limits of its own is no error.
-- Permission limits:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 no such account
-- Locks   the user's row in ops.user_quotas
-- Owned by plinth_system: it writes for any account.
create or replace function api.remove_user_quota(p_id text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('limits:manage');
  delete from ops.user_quotas q where q.user_id = core.find_account(p_id);
end
$$;

comment on function api.remove_user_quota(text) is 'A user has the limits of the tier again';
grant execute on function api.remove_user_quota(text) to plinth_web, plinth_operator;
alter function api.remove_user_quota(text) owner to plinth_system;
select http.expose('DELETE /v1/admin/limits/users/{id}', 'api.remove_user_quota', permission => 'limits:manage', status => 204);
