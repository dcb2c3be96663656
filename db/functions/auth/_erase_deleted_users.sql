-- core.erase_deleted_users: erases accounts whose time to be restored is over. A job of the worker.
--
-- Rules   At most p_limit and at most 100 accounts, those that wait longest first. One that somebody is working on is
--         left for the next time.
-- Locks   the accounts' rows, then their rows
-- Owned by plinth_system: it looks for accounts of everybody. Each is then erased as its own user, by core.erase_rows.
create or replace function core.erase_deleted_users(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller text := coalesce(current_setting('plinth.caller', true), '');
  v_user   uuid;
  v_count  integer := 0;
begin
  for v_user in
    select u.id from auth.users u
     where u.erase_after <= now() and u.deleted_at < clock_timestamp() - interval '10 seconds'
     order by u.erase_after
     limit least(p_limit, 100)
       for update skip locked
  loop
    -- Row-level security sees the user whose rows go, and only those.
    perform set_config('plinth.caller', v_user::text, true);
    perform core.erase_rows(v_user, 'deleted, and the time to restore it is over');
    perform set_config('plinth.caller', v_caller, true);
    perform ops.write_audit('user.erased', 'auth.users', v_user::text, v_user);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;

comment on function core.erase_deleted_users(integer) is 'Erases accounts whose time to be restored is over';
alter function core.erase_deleted_users(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.erase_deleted_users(integer) to plinth_owner, plinth_operator;
set local role plinth_owner;
select http.schedule('core.erase_deleted_users', interval '1 minute');
