-- api.cleanup_rate_limit_tracking: removes what was used more than a day ago and counts in no window any more, and
-- returns how many rows. The worker does the same every hour.
--
-- Rules   Operators only. At most p_limit, so that no transaction grows with what has piled up.
-- Errors  VL001 limit
-- Locks   the rows it removes, none that somebody else holds
create or replace function api.cleanup_rate_limit_tracking(p_limit integer default 1000)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_limit is null or p_limit not between 1 and 100000 then
    perform base.raise('VL001', 'limit must be from 1 to 100,000', 'limit');
  end if;
  return core.cleanup_rate_limits(p_limit);
end
$$;

comment on function api.cleanup_rate_limit_tracking(integer) is
  'Removes what counts in no window any more; for operators, the worker does it by itself';
grant execute on function api.cleanup_rate_limit_tracking(integer) to plinth_operator;
select http.no_route('api.cleanup_rate_limit_tracking', 'operators only; the worker runs core.cleanup_rate_limits');
