-- core.erase_deleted_users: erases accounts whose time to be restored is over, and goes on with erasures that were
-- begun. A job of the worker.
--
-- Rules   A run takes at most p_limit rows of one account, the one that waited longest, so that neither its size nor a
--         failure holds up another: what fails undoes nothing else, and after n failures in a row the turn is that of
--         the next but n, or, when all had theirs, of nobody. Behind one that succeeded, those before it wait again.
--         Then it begins at most 100 erasures, those that wait longest. Accounts and erasures that somebody is working
--         on are left for the next time.
--         Returns how many rows it worked on, but p_limit while there is more to do: then the job runs again at once.
-- Locks   the erasure's row, then the account's rows; then the rows of accounts
-- Owned by plinth_system: it looks for accounts of everybody. Each is then erased as its own user, by core.erase_rows.
create or replace function core.erase_deleted_users(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller   text := coalesce(current_setting('plinth.caller', true), '');
  v_failures integer := coalesce((select r.failures from ops.job_runs r where r.name = 'core.erase_deleted_users'), 0);
  v_turn     integer := v_failures % (1 + (select count(*) from auth.erasures))::integer;
  v_tried    timestamptz;
  v_user     uuid;
  v_rows     integer;
  v_count    integer := 0;
begin
  select e.user_id, e.tried_at into v_user, v_tried
    from auth.erasures e
   order by e.tried_at, e.user_id
  offset v_turn limit 1
     for update skip locked;
  if found then
    -- Row-level security sees the user whose rows go, and only those.
    perform set_config('plinth.caller', v_user::text, true);
    v_rows := core.erase_rows(v_user, p_limit);
    perform set_config('plinth.caller', v_caller, true);
    if v_rows < p_limit then
      perform ops.write_audit('user.erased', 'auth.users', v_user::text, v_user);
    end if;
    v_count := v_rows;
  end if;
  update auth.erasures e set tried_at = clock_timestamp()
   where e.user_id in (select w.user_id from auth.erasures w
                        where w.tried_at <= v_tried or v_turn > 0 and v_tried is null
                          for update skip locked);

  for v_user in
    select u.id from auth.users u
     where u.erase_after <= now() and u.deleted_at < clock_timestamp() - interval '10 seconds'
     order by u.erase_after
     limit least(p_limit, 100)
       for update skip locked
  loop
    perform set_config('plinth.caller', v_user::text, true);
    perform core.begin_erasure(v_user, 'deleted, and the time to restore it is over');
    perform set_config('plinth.caller', v_caller, true);
    v_count := v_count + 1;
  end loop;
  return case when v_failures = 0 and exists (select from auth.erasures) then p_limit else v_count end;
end
$$;

comment on function core.erase_deleted_users(integer) is
  'Erases accounts whose time to be restored is over, piece by piece';
alter function core.erase_deleted_users(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.erase_deleted_users(integer) to plinth_owner, plinth_operator;
set local role plinth_owner;
select http.schedule('core.erase_deleted_users', interval '1 minute');
