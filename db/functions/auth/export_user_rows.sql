-- api.export_user_rows: everything the database holds of the caller, a line for each row of it: the table and the row,
-- without hashes and other secrets. It tells what api.export_user tells, of an account of any size.
--
-- Rules   A page has at most 500 lines, and ends with the line that makes it 256 kB. after is the cursor of a line;
--         what follows it comes, whatever was removed meanwhile.
-- Permission self:read
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this export
create or replace function api.export_user_rows(p_user_id uuid, p_after text default null)
returns table (line json, cursor text)
language plpgsql
stable
security definer
rows 500
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query select e.line, e.cursor from core.export_lines(p_user_id, p_after) e;
end
$$;

comment on function api.export_user_rows(uuid, text) is
  'Everything the database holds of the caller, a line for each row, without secrets';
grant execute on function api.export_user_rows(uuid, text) to plinth_web, plinth_operator;
select http.expose('GET /v1/me/export/rows', 'api.export_user_rows', auth => 'session', permission => 'self:read',
                   result => 'stream', cost => 10);
