-- core.export_lines: a page of everything the database holds of one user, a line for each row: {"table", "row"}, table
-- by table, without secrets. For an account of any size: core.export_rows tells the same rows as one document.
--
-- Rules   What is in it says core.export_tables. Row-level security binds the reading: only rows of the user this
--         statement acts for can be in it, whatever was asked for.
--         A page has at most 500 lines, and ends with the line that makes it 256 kB. after is the cursor of a line, the
--         table and what names the row in it; what follows that comes, whatever was removed meanwhile.
--         Each table is read along an index of the user and what names the row; db/tests/surface looks that there is
--         one. Without a sort (enable_sort): of a user whom the planner takes for a small one each page would sort all.
-- Errors  VL001 after is not a place in an export
create or replace function core.export_lines(p_user_id uuid, p_after text default null)
returns table (line json, cursor text)
language plpgsql
stable
security definer
rows 500
set search_path = pg_catalog, pg_temp
set enable_sort = off
as $$
declare
  c_lines  constant integer := 500;
  c_bytes  constant integer := 262144;
  v_place  text[];  -- while it is looked for: the table that was told last, and what names its last row
  v_behind text;
  v_table  record;
  v_row    record;
  v_keys   text;
  v_count  integer := 0;
  v_size   bigint := 0;
begin
  if pg_input_is_valid(p_after, 'jsonb') and p_after ~ '^\s*\[' then
    v_place := array(select e.value from jsonb_array_elements_text(p_after::jsonb) e);
  elsif p_after is not null then
    v_place := '{}';
  end if;

  for v_table in select t.* from core.export_tables() t loop
    v_keys := (select string_agg(format('t.%I', k), ', ') from unnest(v_table.key) k);
    v_behind := null;
    if v_place is not null then
      continue when v_table.name is distinct from v_place[1];
      exit when cardinality(v_place) <> cardinality(v_table.key) + 1 or exists (
        select from unnest(v_table.types, v_place[2:]) as k (type, value)
         where k.value is null or not pg_input_is_valid(k.value, k.type));
      v_behind := (select format('and (%s) > (%s)', v_keys, string_agg(quote_literal(v), ', ')) from unnest(v_place[2:]) v);
      v_place := null;
    end if;

    for v_row in
      execute format('select %s as shown, jsonb_build_array(%L::text, %s)::text as place from %s %s order by %s limit %s',
                     v_table.shown, v_table.name, v_keys, v_table.origin, v_behind, v_keys, c_lines - v_count)
        using p_user_id
    loop
      line := json_build_object('table', v_table.name, 'row', v_row.shown);
      cursor := v_row.place;
      return next;
      v_count := v_count + 1;
      v_size := v_size + octet_length(line::text);
      if v_count >= c_lines or v_size >= c_bytes then
        return;
      end if;
    end loop;
  end loop;

  if v_place is not null then
    perform base.raise('VL001', 'after must be a place in this export', 'after');
  end if;
end
$$;

comment on function core.export_lines(uuid, text) is
  'A page of everything the database holds of one user, a line for each row, without secrets';
grant execute on function core.export_lines(uuid, text) to plinth_system;
