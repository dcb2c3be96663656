-- core.check_after: the place where a page of a list ordered by id begins.
--
-- Errors  VL001 after is not a place in this list
create or replace function core.check_after(p_after text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;
end
$$;

comment on function core.check_after(text) is 'Refuses a cursor that is no id';
grant execute on function core.check_after(text) to plinth_system;
