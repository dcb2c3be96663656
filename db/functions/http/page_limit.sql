-- http.page_limit: how many rows a list may return.
--
-- Errors  VL001 limit is not from 1 to 200
create or replace function http.page_limit(p_limit integer)
returns integer
language plpgsql
immutable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_limit not between 1 and 200 then
    perform base.raise('VL001', 'limit must be from 1 to 200', 'limit');
  end if;
  return coalesce(p_limit, 50);
end
$$;

comment on function http.page_limit(integer) is 'The size of a page: 50 when not asked for, at most 200';
grant execute on function http.page_limit(integer) to plinth_web, plinth_operator;
