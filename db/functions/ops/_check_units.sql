-- core.check_units: the rules that amounts of requests and tokens must keep.
--
-- Errors  VL001 on requests or tokens
create or replace function core.check_units(p_requests integer, p_tokens bigint)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_requests is null or p_requests not between 0 and 1000000 then
    perform base.raise('VL001', 'requests must be from 0 to 1,000,000', 'requests');
  end if;
  if p_tokens is null or p_tokens not between 0 and 1000000000 then
    perform base.raise('VL001', 'tokens must be from 0 to 1,000,000,000', 'tokens');
  end if;
end
$$;

comment on function core.check_units(integer, bigint) is 'Refuses amounts of requests and tokens that break a rule';
grant execute on function core.check_units(integer, bigint) to plinth_system;
