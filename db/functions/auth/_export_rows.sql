-- core.export_rows: everything the database holds of one user as one document, table by table, without secrets.
--
-- Rules   What is in it says core.export_tables. Row-level security binds the reading: only rows of the user this
--         statement acts for can be in it, whatever was asked for.
--         It stops at the row with which it would be larger than account.export_bytes: no document comes near what a
--         value, a time-out or a worker's memory can hold. core.export_lines tells the same at any size.
-- Errors  KC010 the account is larger
create or replace function core.export_rows(p_user_id uuid)
returns json
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c_most  constant bigint := base.setting('account.export_bytes');
  v_size  bigint := 0;
  v_table record;
  v_row   text;
  v_rows  text[];
  v_all   text[] := '{}';
begin
  for v_table in select t.* from core.export_tables() t loop
    v_rows := '{}';
    for v_row in execute format('select %s::text from %s', v_table.shown, v_table.origin) using p_user_id loop
      v_size := v_size + octet_length(v_row);
      if v_size > c_most then
        perform base.raise('KC010', format('The account holds more than the %s bytes of one document; row by row it comes '
          'from GET /v1/me/export/rows, or for an administrator from POST /v1/users/%s/export/rows', c_most, p_user_id));
      end if;
      v_rows := v_rows || v_row;
    end loop;
    v_all := v_all || format('%s: [%s]', to_json(v_table.name), array_to_string(v_rows, ', '));
  end loop;
  return '{' || array_to_string(v_all, ', ') || '}';
end
$$;

comment on function core.export_rows(uuid) is
  'Everything the database holds of one user in one document, table by table, without secrets';
grant execute on function core.export_rows(uuid) to plinth_system;
