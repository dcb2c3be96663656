-- core.check_client_id: what an application may call its things.
--
-- Errors  VL001 client_id
create or replace function core.check_client_id(p_client_id text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if length(p_client_id) not between 1 and 200 or p_client_id ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'client_id must have 1 to 200 characters and no control characters', 'client_id');
  end if;
end
$$;

comment on function core.check_client_id(text) is 'Refuses a name of an application that breaks a rule';
grant execute on function core.check_client_id(text) to plinth_system;
