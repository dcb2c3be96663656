-- core.spend_parts: what is left of the parts that may be looked at, when so many more are spent.
--
-- Errors  VL001 there are not so many left
create or replace function core.spend_parts(p_left integer, p_parts integer, p_at text)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_left < p_parts then
    perform base.raise('VL001', 'The value has too many parts, or too deep ones, to be checked', split_part(p_at, '/', 1));
  end if;
  return p_left - p_parts;
end
$$;

comment on function core.spend_parts(integer, integer, text) is
  'What is left of the parts that may be looked at, when so many more are spent';
