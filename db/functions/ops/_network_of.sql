-- core.network_of: an address as callers are told apart by it: one IPv4 address, or the /64 that one IPv6 customer has.
--
-- Rules   'unknown' for what is none: what cannot be told apart counts together.
create or replace function core.network_of(p_address text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_address inet;
begin
  if p_address is null or not pg_input_is_valid(p_address, 'inet') then
    return 'unknown';
  end if;
  v_address := p_address::inet;
  if family(v_address) = 6 and not v_address <<= inet '::ffff:0:0/96' then
    v_address := network(set_masklen(v_address, 64));
  end if;
  return host(v_address);
end
$$;

comment on function core.network_of(text) is 'An address as callers are told apart by it';
grant execute on function core.network_of(text) to plinth_system;
