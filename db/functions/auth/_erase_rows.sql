-- core.erase_rows: leaves nothing personal of one user. Rows go or are emptied as base.table_privacy says; of the
-- account an anonymous row stays, of the audit trail ids and actions. Returns how many rows it worked on.
--
-- Rules   Which tables and columns says core.user_tables. Row-level security binds every statement: only rows of the
--         user this statement acts for can go, whatever was asked for.
--         The account is deleted already, longer than any request lasts: nothing of it is being written any more.
-- Errors  KC004 the account is not deleted, or was a moment ago; NF001 there is no such account, or it is erased
-- Locks   the account's row, then the rows in the order of the foreign keys, the deepest first
-- Touches whatever the rows touch
create or replace function core.erase_rows(p_user_id uuid, p_reason text)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user   auth.users;
  v_logins text[];
  v_table  record;
  v_rows   integer;
  v_all    integer := 0;
begin
  select u.* into v_user from auth.users u where u.id = p_user_id for update;
  if not found or v_user.status = 'erased' then
    perform base.raise('NF001', 'There is no such account, or it is erased', 'user_id');
  end if;
  if v_user.status <> 'deleted' then
    perform base.raise('KC004', 'Only a deleted account is erased: delete it first');
  end if;
  if v_user.deleted_at > clock_timestamp() - interval '10 seconds' then
    perform base.raise('KC004', 'The account was deleted a moment ago, and a request may be under way: wait 10 seconds');
  end if;

  v_logins := array(select l.login from auth.logins l where l.user_id = p_user_id);
  update auth.users u
     set status = 'erased', last_login_at = null, login_count = 0, two_factor_enabled = false, email_verified = false
   where u.id = p_user_id;

  for v_table in
    select t.* from core.user_tables() t
     where t.on_erase <> 'keep' and (t.schema_name, t.table_name) <> ('ops', 'audit_details')
     order by t.depth desc, t.schema_name, t.table_name
  loop
    if v_table.on_erase = 'delete' then
      execute format('delete from %I.%I where %s', v_table.schema_name, v_table.table_name, v_table.rows)
        using p_user_id;
    else
      execute format('update %I.%I set %s where %s',
                     v_table.schema_name, v_table.table_name, v_table.emptied, v_table.rows)
        using p_user_id;
    end if;
    get diagnostics v_rows = row_count;
    v_all := v_all + v_rows;
  end loop;

  -- The trail comes last: what goes leaves its own.
  v_all := v_all + core.erase_mentions(v_logins);
  v_all := v_all + core.erase_audit(p_user_id, v_logins, p_reason);
  return v_all;
end
$$;

comment on function core.erase_rows(uuid, text) is 'Leaves nothing personal of one user';
grant execute on function core.erase_rows(uuid, text) to plinth_system;
