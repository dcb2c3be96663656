-- core.erase_rows: goes on with an erasure that was begun: of what the user's tables hold, rows go or are emptied as
-- base.table_privacy says, at most so many. Returns how many it worked on; when fewer than it might, nothing personal
-- is left and the erasure is over.
--
-- Rules   Which tables and columns says core.user_tables. Row-level security binds every statement: only rows of the
--         user this statement acts for can go, whatever was asked for.
--         A piece is what an index finds from one key on: the newest rows of a table, or of those that are emptied the
--         next ones behind auth.erasures.places. So it costs the same however many there are, and whoever is
--         interrupted goes on where the last commit was.
-- Errors  NF001 no erasure of this account is under way
-- Locks   the erasure's row, then the rows in the order of the foreign keys, the deepest first
-- Touches whatever the rows touch
create or replace function core.erase_rows(p_user_id uuid, p_most integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_erasure auth.erasures;
  v_table   record;
  v_bound   text;
  v_left    integer := p_most;
  v_rows    integer;
begin
  select e.* into v_erasure from auth.erasures e where e.user_id = p_user_id for update;
  if not found then
    perform base.raise('NF001', 'No erasure of this account is under way', 'user_id');
  end if;

  for v_table in
    select t.on_erase, t.emptied, format('%I.%I', t.schema_name, t.table_name) as name,
           -- Behind what was emptied before; where all was, nothing is.
           case when p.place is null then t.rows else format('(%s) and (%s) > (%s)', t.rows, k.columns, p.place) end as rows,
           k.columns, k.place, k.newest
      from core.user_tables() t
     cross join lateral (
       select string_agg(format('%I', c), ', ') as columns,
              format('concat_ws('', '', %s)', string_agg(format('quote_literal(%I)', c), ', ')) as place,
              string_agg(format('%I desc', c), ', ') as newest
         from unnest(t.key) as c) k
     cross join lateral (
       select case when t.on_erase = 'anonymise' then v_erasure.places ->> format('%I.%I', t.schema_name, t.table_name) end
         as place) p
     where t.on_erase <> 'keep' and (t.schema_name, t.table_name) not in
           (('ops', 'audit_details'), ('auth', 'users'), ('analytics', 'api_metrics'))
     order by t.depth desc, t.schema_name, t.table_name
  loop
    -- The last row of the piece; where there are fewer, the last there is, of what is emptied.
    execute format('select %s from %s where %s order by %s offset %s limit 1', v_table.place, v_table.name, v_table.rows,
                   case v_table.on_erase when 'delete' then v_table.newest else v_table.columns end, v_left - 1)
       into v_bound using p_user_id;
    if v_table.on_erase = 'delete' then
      execute format('delete from %s where (%s)', v_table.name, v_table.rows)
              || coalesce(' and (' || v_table.columns || ') >= (' || v_bound || ')', '')
        using p_user_id;
    else
      if v_bound is null then
        execute format('select %s from %s where %s order by %s limit 1',
                       v_table.place, v_table.name, v_table.rows, v_table.newest)
           into v_bound using p_user_id;
      end if;
      continue when v_bound is null;
      execute format('update %s set %s where (%s) and (%s) <= (%s)',
                     v_table.name, v_table.emptied, v_table.rows, v_table.columns, v_bound)
        using p_user_id;
    end if;
    get diagnostics v_rows = row_count;
    v_left := v_left - v_rows;
    if v_table.on_erase = 'anonymise' then
      update auth.erasures e set places = e.places || jsonb_build_object(v_table.name, v_bound) where e.user_id = p_user_id;
    end if;
    if v_left <= 0 then
      return p_most;
    end if;
  end loop;

  v_left := v_left - core.forget_models(p_user_id, v_left);
  if v_left <= 0 then
    return p_most;
  end if;
  -- The trail comes last: what goes leaves its own.
  v_left := v_left - core.erase_audit(p_user_id, v_erasure.logins, v_erasure.reason, v_left);
  if v_left <= 0 then
    return p_most;
  end if;
  perform core.erase_mentions(v_erasure.logins);
  delete from auth.erasures e where e.user_id = p_user_id;
  return p_most - v_left;
end
$$;

comment on function core.erase_rows(uuid, integer) is
  'Goes on with an erasure by at most so many rows; returns how many, and fewer when it is over';
grant execute on function core.erase_rows(uuid, integer) to plinth_system;
