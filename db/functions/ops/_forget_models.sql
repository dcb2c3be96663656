-- core.forget_models: of what a user used, the rollups by the hour no longer name the models: rows of one hour, route,
-- method and class become one, of the model "erased", at most so many. Returns how many; when fewer than it might,
-- none is left. Their sums are what they were.
--
-- Rules   Row-level security binds it: only rows of the user this statement acts for.
-- Locks   those rows, then what they become, in the order of its key
create or replace function core.forget_models(p_user_id uuid, p_most integer)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count  integer;
  v_counts analytics.api_metrics[];
begin
  with gone as (
    delete from analytics.api_metrics m
     using (select k.hour, k.route, k.method, k.status_class, k.model from analytics.api_metrics k
             where k.user_id = p_user_id and k.model not in ('', 'erased') limit p_most) k
     where m.user_id = p_user_id and m.hour = k.hour and m.route = k.route and m.method = k.method
       and m.status_class = k.status_class and m.model = k.model
    returning m.*
  ), become as (
    select g.user_id, g.hour, g.route, g.method, g.status_class, 'erased',
           sum(g.calls)::bigint as calls, sum(g.tokens_in)::bigint, sum(g.tokens_out)::bigint, sum(g.cost),
           sum(g.duration_us)::bigint, max(g.slowest_us),
           (select array_agg(d.total order by d.n)
              from (select e.n, sum(e.count)::bigint as total
                      from gone o cross join unnest(o.durations) with ordinality as e (count, n)
                     where (o.hour, o.route, o.method, o.status_class) = (g.hour, g.route, g.method, g.status_class)
                     group by e.n) d)
      from gone g
     group by g.user_id, g.hour, g.route, g.method, g.status_class
  )
  select (select count(*) from gone), array_agg(b::analytics.api_metrics) into v_count, v_counts from become b;

  perform core.fold_metrics(v_counts);
  return v_count;
end
$$;

comment on function core.forget_models(uuid, integer) is
  'Makes the rollups of a user''s usage name no models, at most so many rows; returns how many';
grant execute on function core.forget_models(uuid, integer) to plinth_system;
