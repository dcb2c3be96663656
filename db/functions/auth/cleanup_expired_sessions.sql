-- api.cleanup_expired_sessions: removes sessions that ended or ran out, and returns how many. The worker does the same
-- every minute.
--
-- Rules   Operators only. At most p_limit, so that no transaction grows with what has piled up.
-- Errors  VL001 limit
-- Locks   the sessions' rows, none that somebody else holds
create or replace function api.cleanup_expired_sessions(p_limit integer default 1000)
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
  return core.delete_dead_sessions(p_limit);
end
$$;

comment on function api.cleanup_expired_sessions(integer) is
  'Removes sessions that ended or ran out; for operators, the worker does it by itself';
grant execute on function api.cleanup_expired_sessions(integer) to plinth_operator;
select http.no_route('api.cleanup_expired_sessions', 'operators only; the worker runs core.delete_dead_sessions');
