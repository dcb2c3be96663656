-- core.limit_details: what is said of the limits of a route, a tier or a user, as administrators see it.
create or replace view core.limit_details with (security_invoker = true) as
select 'route' as kind, r.route as name, null::integer as factor, r.requests_per_minute, r.requests_per_hour,
       r.requests_per_day, null::bigint as tokens_per_day, r.updated_at, r.version
  from ops.route_limits r
 union all
select 'tier', t.tier, t.factor, null, null, null, null, t.updated_at, t.version
  from ops.tier_limits t
 union all
select 'user', q.user_id::text, null, q.requests_per_minute, q.requests_per_hour, q.requests_per_day, q.tokens_per_day,
       q.updated_at, q.version
  from ops.user_quotas q;

comment on view core.limit_details is 'What is said of the limits of a route, a tier or a user';
comment on column core.limit_details.kind is 'route, tier or user';
comment on column core.limit_details.name is 'Method and path, name of the tier, id of the user';
comment on column core.limit_details.factor is 'Times the usual limits, for a tier';
comment on column core.limit_details.requests_per_minute is 'Requests a minute; NULL: nothing is said; 0: no limit';
comment on column core.limit_details.requests_per_hour is 'The same, an hour';
comment on column core.limit_details.requests_per_day is 'The same, a day';
comment on column core.limit_details.tokens_per_day is 'Tokens of models a day, likewise';
comment on column core.limit_details.updated_at is 'When it last changed';
comment on column core.limit_details.version is 'Grows with every change';
grant select on core.limit_details to plinth_system;
