-- core.resource_owner: whose a thing is, read from its own table as auth.resource_types says.
--
-- Rules   Row policies hold: what the user may not see is not there. For functions of plinth_owner.
-- Errors  VL001 there is no such kind of thing; NF001 there is no such thing
create or replace function core.resource_owner(p_type text, p_id uuid)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_type  auth.resource_types;
  v_owner uuid;
begin
  select t.* into v_type from auth.resource_types t where t.name = p_type;
  if not found then
    perform base.raise('VL001', 'resource_type must be a kind of thing that can be shared', 'resource_type');
  end if;
  execute format('select r.%I from %I.%I r where r.%I = $1',
                 v_type.owner_column, v_type.schema_name, v_type.table_name, v_type.id_column)
     into v_owner using p_id;
  if v_owner is null then
    perform base.raise('NF001', 'There is no such thing, or it is not yours to see', 'resource_id');
  end if;
  return v_owner;
end
$$;

comment on function core.resource_owner(text, uuid) is 'Whose a thing is';
