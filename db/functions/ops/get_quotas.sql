-- api.get_quotas: the caller's limits, and what was used of each: those of the account, of the API key the caller
-- comes by, and of routes that have limits of their own and were used lately.
--
-- Rules   reset is in how many seconds the first of what was used counts no more; 0 where nothing was.
--         Nothing is counted by looking; over HTTP the call itself is a request.
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this list
create or replace function api.get_quotas(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns table (
  scope     text,
  unit      text,
  period    text,
  quota     bigint,
  used      bigint,
  remaining bigint,
  reset     integer,
  cursor    text
)
language plpgsql
stable
security definer
rows 10
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now     bigint := floor(extract(epoch from statement_timestamp()));
  v_subject record;
  v_mine    text[];
  v_limits  bigint[];
  v_route   text;
begin
  p_user_id := core.act_for(p_user_id);
  if p_after !~ '^[0-9]{1,6}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  v_subject := core.rate_subjects(p_user_id, base.request_context(5)::uuid, null, '', core.usual_limits());
  v_mine := v_subject.subjects;
  v_limits := v_subject.limits;
  for v_route in
    select r.route from ops.route_limits r
     where exists (select from ops.rate_limit_tracking t where t.subject = format('route:user:%s:%s', p_user_id, r.route))
     order by r.route
  loop
    v_subject := core.rate_subjects(p_user_id, null, null, v_route, core.usual_limits());
    v_mine := v_mine || v_subject.subjects[2:];
    v_limits := v_limits || v_subject.limits[5:];
  end loop;

  return query
    select d.scope, d.unit, d.period, d.quota, d.used, d.remaining, d.reset, d.n::text
      from core.quota_details(v_mine, v_limits, core.rate_windows(v_mine, v_now), v_now)
           with ordinality as d (scope, unit, period, quota, used, remaining, reset, n)
     where d.n > coalesce(p_after::integer, 0)
     order by d.n
     limit p_limit;
end
$$;

comment on function api.get_quotas(uuid, text, integer) is 'The caller''s limits, and what was used of each';
grant execute on function api.get_quotas(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/quotas', 'api.get_quotas', replica => false);
