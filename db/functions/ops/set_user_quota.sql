-- api.set_user_quota: gives one user limits in place of those of the tier. They count within a second, as every change
-- of a limit does: a worker uses what it was granted no longer.
--
-- Rules   The account is named by id, username or address. What is left out is as the tier has it; 0 is no limit.
-- Permission limits:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 no such account; VL001 a limit
-- Locks   the user's row in ops.user_quotas
-- Owned by plinth_system: it writes for any account.
create or replace function api.set_user_quota(
  p_id                  text,
  p_requests_per_minute bigint default null,
  p_requests_per_hour   bigint default null,
  p_requests_per_day    bigint default null,
  p_tokens_per_day      bigint default null
)
returns setof core.limit_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id uuid;
begin
  perform core.require_permission('limits:manage');
  v_user_id := core.find_account(p_id);
  perform core.check_limits(p_requests_per_minute, p_requests_per_hour, p_requests_per_day, p_tokens_per_day);

  insert into ops.user_quotas (user_id, requests_per_minute, requests_per_hour, requests_per_day, tokens_per_day)
  values (v_user_id, p_requests_per_minute, p_requests_per_hour, p_requests_per_day, p_tokens_per_day)
  on conflict (user_id) do update
    set requests_per_minute = excluded.requests_per_minute, requests_per_hour = excluded.requests_per_hour,
        requests_per_day = excluded.requests_per_day, tokens_per_day = excluded.tokens_per_day;

  -- Not through the view: an id as text would be searched for in all rows.
  return query
    select 'user', q.user_id::text, null::integer, q.requests_per_minute, q.requests_per_hour, q.requests_per_day,
           q.tokens_per_day, q.updated_at, q.version
      from ops.user_quotas q where q.user_id = v_user_id;
end
$$;

comment on function api.set_user_quota(text, bigint, bigint, bigint, bigint) is
  'Gives one user limits in place of those of the tier';
grant execute on function api.set_user_quota(text, bigint, bigint, bigint, bigint) to plinth_web, plinth_operator;
alter function api.set_user_quota(text, bigint, bigint, bigint, bigint) owner to plinth_system;
select http.expose('PUT /v1/admin/limits/users/{id}', 'api.set_user_quota', permission => 'limits:manage');
