-- core.attempt_address: the address of the request as attempts are counted by: one IPv4 address, or the /64 that one
-- IPv6 customer has. NULL where nothing is counted: in psql, where an operator has no need to guess.
create or replace function core.attempt_address()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_address text := base.request_context(3);
begin
  if base.setting('attempts.free') = '0'
     or v_address is null and pg_has_role(session_user, 'plinth_operator', 'member') then
    return null;
  end if;
  return core.network_of(v_address);
end
$$;

comment on function core.attempt_address() is
  'The address that attempts of this request are counted by; NULL: they are not';
grant execute on function core.attempt_address() to plinth_system;
