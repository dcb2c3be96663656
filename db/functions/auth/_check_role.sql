-- core.check_role: the rules a role's name and description must keep. The table checks the same again.
--
-- Errors  VL001 on name or description
create or replace function core.check_role(p_name text, p_description text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_name is null or p_name !~ '^[a-z][a-z0-9_-]{1,39}$' then
    perform base.raise('VL001',
      'name must have 2 to 40 characters: lower-case letters, and after the first also digits, _ and -', 'name');
  end if;
  if p_description is null or length(btrim(p_description)) not between 1 and 500 or p_description ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'description must have 1 to 500 characters and no control characters', 'description');
  end if;
end
$$;

comment on function core.check_role(text, text) is 'Refuses a name or description of a role that breaks a rule';
