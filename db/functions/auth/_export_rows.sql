-- core.export_rows: everything the database holds of one user, table by table, without secrets.
--
-- Rules   Which tables and columns says core.user_tables. Row-level security binds the reading: only rows of the user
--         this statement acts for can be in it, whatever was asked for.
--         Single calls are left out, because they may be millions: the hours that count them are in it.
create or replace function core.export_rows(p_user_id uuid)
returns json
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table record;
  v_rows  text;
  v_all   text[] := '{}';
begin
  for v_table in
    select t.schema_name, t.table_name, t.rows,
           (select string_agg(format('%I', c), ', ') from unnest(t.shown) as c) as columns
      from core.user_tables() t
     -- What waits to be sent would tell whether an address that was asked for is somebody else's.
     where (t.schema_name, t.table_name) not in (('ops', 'outbox'), ('auth', 'one_time_tokens'), ('ops', 'api_usage'))
     order by t.schema_name <> 'auth', t.table_name <> 'users', t.schema_name, t.table_name
  loop
    execute format('select coalesce(json_agg(x), ''[]'')::text from (select %s from %I.%I where %s) x',
                   v_table.columns, v_table.schema_name, v_table.table_name, v_table.rows)
       into v_rows using p_user_id;
    v_all := v_all || format('%s: %s', to_json(v_table.schema_name || '.' || v_table.table_name), v_rows);
  end loop;
  return '{' || array_to_string(v_all, ', ') || '}';
end
$$;

comment on function core.export_rows(uuid) is
  'Everything the database holds of one user, table by table, without secrets';
grant execute on function core.export_rows(uuid) to plinth_system;
