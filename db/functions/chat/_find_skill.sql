-- core.find_skill: a version of a skill; the current one where none is named.
--
-- Errors  NF001 there is no such skill or version
create or replace function core.find_skill(p_name text, p_version text)
returns chat.skills
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_skill chat.skills;
begin
  if p_version is null then
    select s.* into v_skill from chat.skills s where s.name = p_name and s.current;
  else
    select s.* into v_skill from chat.skills s where s.name = p_name and s.version = p_version;
  end if;
  if not found then
    perform base.raise('NF001', format('There is no skill %s', left(concat_ws(' ', p_name, p_version), 165)),
                       case when p_version is null then 'name' else 'version' end);
  end if;
  return v_skill;
end
$$;

comment on function core.find_skill(text, text) is 'A version of a skill; the current one where none is named';
