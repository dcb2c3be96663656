-- api.get_user_statistics: how many accounts there are, of which kind, how many are new and how many are used.
--
-- Rules   Erased accounts count in by_status only. Active is who signed in, or whose session was used, within the last
--         day, week or month (30 days). new_per_day has the last 30 days in UTC, also those without a new account.
-- Permission users:read
-- Errors  UN001 nobody is signed in; NP001 permission missing
-- Owned by plinth_system: it counts everybody.
create or replace function api.get_user_statistics()
returns table (
  total           bigint,
  by_status       jsonb,
  by_tier         jsonb,
  by_role         jsonb,
  verified        bigint,
  with_two_factor bigint,
  active_day      bigint,
  active_week     bigint,
  active_month    bigint,
  new_per_day     jsonb
)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('users:read');
  return query
    with kind as materialized (
      select u.status, u.tier, count(*) as n,
             count(*) filter (where u.email_verified) as verified,
             count(*) filter (where u.two_factor_enabled) as with_two_factor
        from auth.users u group by u.status, u.tier
    ), used as (
      select u.id, greatest(u.last_login_at, max(s.last_seen_at)) as at
        from auth.users u
        left join auth.sessions s on s.user_id = u.id and s.last_seen_at > now() - interval '30 days'
       where u.status <> 'erased'
       group by u.id
    ), role as (
      select r.role, count(*) as n from auth.user_roles r group by r.role
    ), day as (
      select d.day::date as day,
             (select count(*) from auth.users u
               where u.created_at >= d.day at time zone 'UTC' and u.created_at < (d.day + interval '1 day') at time zone 'UTC'
                 and u.status <> 'erased') as n
        from generate_series(date_trunc('day', now() at time zone 'UTC') - interval '29 days',
                             date_trunc('day', now() at time zone 'UTC'), interval '1 day') as d (day)
    )
    select coalesce((select sum(k.n) from kind k where k.status <> 'erased'), 0)::bigint,
           (select coalesce(jsonb_object_agg(k.status, k.n), '{}')
              from (select k.status, sum(k.n) as n from kind k group by 1) k),
           (select coalesce(jsonb_object_agg(k.tier, k.n), '{}')
              from (select k.tier, sum(k.n) as n from kind k where k.status <> 'erased' group by 1) k),
           (select coalesce(jsonb_object_agg(r.role, r.n), '{}') from role r),
           coalesce((select sum(k.verified) from kind k where k.status <> 'erased'), 0)::bigint,
           coalesce((select sum(k.with_two_factor) from kind k where k.status <> 'erased'), 0)::bigint,
           (select count(*) from used s where s.at > now() - interval '1 day'),
           (select count(*) from used s where s.at > now() - interval '7 days'),
           (select count(*) from used s where s.at > now() - interval '30 days'),
           (select jsonb_agg(jsonb_build_object('day', d.day, 'count', d.n) order by d.day) from day d);
end
$$;

comment on function api.get_user_statistics() is
  'How many accounts there are, of which kind, how many are new and used';
grant execute on function api.get_user_statistics() to plinth_web, plinth_operator;
alter function api.get_user_statistics() owner to plinth_system;
select http.expose('GET /v1/users/statistics', 'api.get_user_statistics', permission => 'users:read', lane => 'slow');
