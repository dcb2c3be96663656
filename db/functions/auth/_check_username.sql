-- core.check_username: the shape of a username. The table checks the same again; here the caller learns the rule.
--
-- Rules   No separator at an end and no two in a row: "anna", "anna_" and "an__na" would be read as one another.
-- Errors  VL001 on username
create or replace function core.check_username(p_username text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_username is null or p_username !~ '^[A-Za-z0-9][A-Za-z0-9_.-]{1,38}[A-Za-z0-9]$' or p_username ~ '[_.-]{2}' then
    perform base.raise('VL001',
      'username must have 3 to 40 characters: letters and digits, and between them single _ . or -', 'username');
  end if;
end
$$;

comment on function core.check_username(text) is 'Refuses a username of the wrong shape';
grant execute on function core.check_username(text) to plinth_system;
