-- api.export_account_rows: everything the database holds of one account, a line for each row of it, for an
-- administrator who answers a request. It tells what api.export_account tells, of an account of any size.
--
-- Rules   As api.export_user_rows has it. The audit trail tells who looked: of a request that asks for page after page
--         once, and once more for each hour it lasts. (A row for each page would be a new row for the next page.)
-- Permission users:export
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such account, or it is erased; VL001
--         after is not a place in this export
-- Owned by plinth_system: it reads any account. The reading itself is done as that user, under row-level security.
create or replace function api.export_account_rows(p_id uuid, p_after text default null)
returns table (line json, cursor text)
language plpgsql
volatile
security definer
rows 500
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller text := coalesce(current_setting('plinth.caller', true), '');
begin
  perform core.require_permission('users:export');
  if not exists (select from auth.users u where u.id = p_id and u.status <> 'erased') then
    perform base.raise('NF001', 'There is no such account, or it is erased', 'id');
  end if;
  if p_after is null or not exists (
    select from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
     where l.actor_id = base.current_user_id() and l.id > base.first_id(now() - interval '1 hour')
       and l.action = 'user.exported' and l.user_id = p_id and d.request_id = base.request_context(2))
  then
    perform ops.write_audit('user.exported', 'auth.users', p_id::text, p_id);
  end if;

  perform set_config('plinth.caller', p_id::text, true);
  return query select e.line, e.cursor from core.export_lines(p_id, p_after) e;
  perform set_config('plinth.caller', v_caller, true);
end
$$;

comment on function api.export_account_rows(uuid, text) is
  'Everything the database holds of one account, a line for each row, for an administrator';
grant execute on function api.export_account_rows(uuid, text) to plinth_web, plinth_operator;
alter function api.export_account_rows(uuid, text) owner to plinth_system;
select http.expose('POST /v1/users/{id}/export/rows', 'api.export_account_rows', auth => 'session', permission => 'users:export',
                   result => 'stream', cost => 10);
