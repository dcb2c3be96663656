-- core.erase_mentions: removes rows of others that name an erased account by its address or username: an invitation, a
-- message that was sent there.
--
-- Rules   Which tables, and in which column, says base.table_privacy. Compared without regard to case.
-- Locks   those rows
-- Owned by plinth_system: they are others' rows.
create or replace function core.erase_mentions(p_logins text[])
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table record;
  v_rows  integer;
  v_all   integer := 0;
begin
  for v_table in
    select p.schema_name, p.table_name, p.address_column from base.table_privacy p
     where p.address_column is not null
     order by p.schema_name, p.table_name
  loop
    execute format('delete from %I.%I where lower(%I) = any ($1)',
                   v_table.schema_name, v_table.table_name, v_table.address_column)
      using p_logins;
    get diagnostics v_rows = row_count;
    v_all := v_all + v_rows;
  end loop;
  return v_all;
end
$$;

comment on function core.erase_mentions(text[]) is 'Removes rows of others that name an erased account';
alter function core.erase_mentions(text[]) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.erase_mentions(text[]) to plinth_owner;
set local role plinth_owner;
