-- core.check_team: the rules a team's name and description must keep. The table checks the same again.
--
-- Errors  VL001 on name or description
create or replace function core.check_team(p_name text, p_description text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_name is null or length(btrim(p_name)) not between 1 and 100 or p_name ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'name must have 1 to 100 characters and no control characters', 'name');
  end if;
  if length(p_description) > 1000 then
    perform base.raise('VL001', 'description must have at most 1,000 characters', 'description');
  end if;
end
$$;

comment on function core.check_team(text, text) is 'Refuses a name or description of a team that breaks a rule';
grant execute on function core.check_team(text, text) to plinth_system;
