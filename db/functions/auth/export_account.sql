-- api.export_account: everything the database holds of one account, for an administrator who answers a request.
--
-- Rules   As api.export_user has it. It shows what the person wrote, so it needs a permission of its own, and the audit
--         trail tells who looked. It needs a session, as one's own export does.
-- Permission users:export
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such account, or it is erased; KC010
--         it is larger than account.export_bytes: api.export_account_rows
-- Owned by plinth_system: it reads any account. The reading itself is done as that user, under row-level security.
create or replace function api.export_account(p_id uuid)
returns table (user_id uuid, exported_at timestamptz, tables json)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller text := coalesce(current_setting('plinth.caller', true), '');
begin
  perform core.require_permission('users:export');
  if not exists (select from auth.users u where u.id = p_id and u.status <> 'erased') then
    perform base.raise('NF001', 'There is no such account, or it is erased', 'id');
  end if;
  perform ops.write_audit('user.exported', 'auth.users', p_id::text, p_id);

  user_id := p_id;
  exported_at := now();
  perform set_config('plinth.caller', p_id::text, true);
  tables := core.export_rows(p_id);
  perform set_config('plinth.caller', v_caller, true);
  return next;
end
$$;

comment on function api.export_account(uuid) is 'Everything the database holds of one account, for an administrator';
grant execute on function api.export_account(uuid) to plinth_web, plinth_operator;
alter function api.export_account(uuid) owner to plinth_system;
select http.expose('POST /v1/users/{id}/export', 'api.export_account', auth => 'session', permission => 'users:export',
                   lane => 'slow', once => 'never');
