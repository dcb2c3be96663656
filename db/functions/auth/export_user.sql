-- api.export_user: everything the database holds of the caller, as one document: per table the rows that belong to the
-- account, found by the foreign keys, without hashes and other secrets.
--
-- Rules   It needs a session: it shows sessions, keys and the audit trail, which a key with self:read alone may not
--         see.
-- Permission self:read
-- Errors  UN001 nobody is signed in; KC010 the account is larger than account.export_bytes: api.export_user_rows
create or replace function api.export_user(p_user_id uuid)
returns table (user_id uuid, exported_at timestamptz, tables json)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  user_id := core.act_for(p_user_id);
  exported_at := now();
  tables := core.export_rows(user_id);
  return next;
end
$$;

comment on function api.export_user(uuid) is
  'Everything the database holds of the caller, table by table, without secrets';
grant execute on function api.export_user(uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/me/export', 'api.export_user', auth => 'session', permission => 'self:read', lane => 'slow',
                   cost => 10);
