-- core.check_import: refuses lines of a history that are not what they should be, and names the first: lines[17].role,
-- counted from p_line, or items[16].role.
--
-- Rules   Messages, which are most of it, are looked at all in one go, and one by one only where something is wrong;
--         what the tables' own rules say is left to them. With p_all everything is looked at one by one.
-- Errors  VL001, VL002, VL003 as core.check_import_line has them; VL001 two lines have one client_id
create or replace function core.check_import(p_items jsonb, p_line integer, p_all boolean default false)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_fields    constant text[] := core.import_fields('message');
  c_no_string constant text[] := '{number,boolean,object,array}';
  c_no_number constant text[] := '{string,boolean,object,array}';
  c_time      constant text := '^[0-9]{4}-[0-9]{2}-[0-9]{2}';
  v_fine      boolean := not p_all;
  v_item      jsonb;
  v_n         bigint;
  v_code      text;
  v_message   text;
  v_field     text;
begin
  if v_fine then
    begin
      select coalesce(bool_and(coalesce(
               l.item - c_fields = '{}'
               and not array[jsonb_typeof(l.item -> 'client_id'), jsonb_typeof(l.item -> 'role'),
                             jsonb_typeof(l.item -> 'content'), jsonb_typeof(l.item -> 'conversation'),
                             jsonb_typeof(l.item -> 'parent'), jsonb_typeof(l.item -> 'tool_call_id'),
                             jsonb_typeof(l.item -> 'model'), jsonb_typeof(l.item -> 'created_at'),
                             jsonb_typeof(l.item -> 'edited_at')] && c_no_string
               and not array[jsonb_typeof(l.item -> 'prompt_tokens'), jsonb_typeof(l.item -> 'completion_tokens'),
                             jsonb_typeof(l.item -> 'version')] && c_no_number
               and coalesce(l.item -> 'pinned' in ('true', 'false', 'null'), true)
               and coalesce(l.item -> 'version' = 'null' or l.item -> 'version' between '1' and '1000000', true)
               and coalesce(l.item ->> 'created_at' ~ c_time, true) and coalesce(l.item ->> 'edited_at' ~ c_time, true)
               and coalesce((l.item ->> 'created_at')::timestamptz between 'epoch' and now() + interval '5 minutes', true)
               and coalesce((l.item ->> 'edited_at')::timestamptz between 'epoch' and now() + interval '5 minutes', true)
               and l.item ->> 'client_id' is not null and l.item ->> 'conversation' is not null, false)), true)
        into v_fine
        from jsonb_array_elements(p_items) as l (item)
       where jsonb_typeof(l.item) = 'object' and l.item ->> 'type' = 'message';
    exception when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
      v_fine := false;
    end;
  end if;

  for v_item, v_n in
    select e.item, e.n
      from jsonb_array_elements(p_items) with ordinality as e (item, n)
     where not v_fine or jsonb_typeof(e.item) <> 'object' or e.item ->> 'type' is distinct from 'message'
     order by e.n
  loop
    begin
      perform core.check_import_line(v_item);
    exception when sqlstate 'VL001' or sqlstate 'VL002' or sqlstate 'VL003' then
      get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_field = column_name;
      perform base.raise(v_code, v_message, core.import_place(v_n, p_line, v_field));
    end;
  end loop;

  select min(d.n) into v_n
    from (select e.n, row_number() over (partition by e.item ->> 'type', e.item ->> 'client_id' order by e.n) as times
            from jsonb_array_elements(p_items) with ordinality as e (item, n)
           where e.item ->> 'client_id' is not null) d
   where d.times > 1;
  if v_n is not null then
    perform base.raise('VL001', 'client_id is that of an earlier line', core.import_place(v_n, p_line, 'client_id'));
  end if;
end
$$;

comment on function core.check_import(jsonb, integer, boolean) is
  'Refuses lines of a history that are not what they should be';
