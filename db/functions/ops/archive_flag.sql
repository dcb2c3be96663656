-- api.archive_flag: puts a flag away. For users it is like none; its key stays taken, its history stays, and an undo
-- brings it back.
--
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such flag; KC002 the version is not
--         the
--         current one; KC007 another flag needs it; VL001 the reason is too long
-- Locks   the flag's row, then the row of the setting flags.limit
-- Touches all:flags
create or replace function api.archive_flag(p_key text, p_reason text default null, p_version integer default null)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('flags:manage');
  perform core.flag_to_change(p_key, p_version, p_reason);
  update ops.flags f set archived_at = clock_timestamp() where f.key = p_key;
end
$$;

comment on function api.archive_flag(text, text, integer) is 'Puts a feature flag away; an undo brings it back';
grant execute on function api.archive_flag(text, text, integer) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/admin/flags/{key}', 'api.archive_flag', permission => 'flags:manage', status => 204);
