-- core.begin_erasure: an account is nobody's any more. From this commit on it cannot be restored, no name leads to it,
-- and of its row only the id is left; its other rows go piece by piece, by core.erase_rows.
--
-- Rules   The account is deleted already, longer than any request lasts: nothing of it is being written any more.
--         What it is found by in rows of others is remembered until the last piece is gone.
-- Errors  KC004 the account is not deleted, or was a moment ago; NF001 there is no such account, or it is erased
-- Locks   the account's row
-- Touches profile, sessions
create or replace function core.begin_erasure(p_user_id uuid, p_reason text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user auth.users;
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

  insert into auth.erasures (user_id, reason, logins)
  values (p_user_id, p_reason, array(select l.login from auth.logins l where l.user_id = p_user_id));
  update auth.users u
     set status = 'erased', last_login_at = null, login_count = 0, two_factor_enabled = false, email_verified = false
   where u.id = p_user_id;
  execute (select format('update auth.users set %s where %s', t.emptied, t.rows)
             from core.user_tables() t where (t.schema_name, t.table_name) = ('auth', 'users'))
    using p_user_id;
end
$$;

comment on function core.begin_erasure(uuid, text) is
  'Makes an account nobody''s, for good; its rows go piece by piece';
grant execute on function core.begin_erasure(uuid, text) to plinth_system;
