-- api.list_user_flags: every flag as it is for an account, with what decided: what support wants to know. Or as it was:
-- with p_at by the flags and the clock of that moment.
--
-- Rules   The account is named by id, username or address.
--         Its roles and tier are those of now, also for an earlier moment: what they were stands in the audit trail.
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 no such account
-- Owned by plinth_system: it reads any account's roles and tier.
create or replace function api.list_user_flags(
  p_id    text,
  p_at    timestamptz default null,
  p_after text default null,
  p_limit integer default 50
)
returns table (key text, enabled boolean, variant text, value jsonb, reason text, cursor text)
language plpgsql
stable
security definer
rows 100
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user auth.users;
begin
  perform core.require_permission('flags:manage');
  select u.* into v_user from auth.users u where u.id = core.find_account(p_id);

  return query
    select j.*, j.key
      from core.judge_flags(core.flags_at(p_at), v_user.id, v_user.roles, v_user.tier, coalesce(p_at, now())) j
     where p_after is null or j.key > p_after
     order by j.key
     limit p_limit;
end
$$;

comment on function api.list_user_flags(text, timestamptz, text, integer) is
  'Every feature flag as it is, or was, for an account, with what decided';
grant execute on function api.list_user_flags(text, timestamptz, text, integer) to plinth_web, plinth_operator;
alter function api.list_user_flags(text, timestamptz, text, integer) owner to plinth_system;
select http.expose('GET /v1/users/{id}/flags', 'api.list_user_flags', permission => 'flags:manage');
