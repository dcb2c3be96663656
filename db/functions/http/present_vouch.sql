-- http.present_vouch: what a replica is asked first, in a statement of its own: is it as far as the vouch wants? Only
-- then the next statement of the same transaction asks it the question, with http.assume in place of http.enter.
--
-- Rules   Good is a replica that has replayed the vouch's position, and holds its beat: so it follows the very server
--         that vouched, and no other, promoted or restored from the same files.
--         Two statements, because a function that reads sees what was there when its statement began. Asked within that
--         statement, the position could be reached in between, and the function would still see what was before.
--         For the same reason each statement has to see anew: READ COMMITTED.
-- Errors  SV503 this is no replica, of another server, or not that far; the layer asks the primary
-- Locks   none
create or replace function http.present_vouch(p_vouch text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parts text[] := string_to_array(p_vouch, '|');
begin
  if not pg_is_in_recovery() then
    perform base.raise('SV503', 'This server is no replica');
  end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    perform base.raise('SV503', 'This transaction sees what was there when it began');
  end if;
  if not coalesce(pg_last_wal_replay_lsn() >= v_parts[11]::pg_lsn, false) then
    perform base.raise('SV503', 'This replica is not that far');
  end if;
  if not exists (select from http.beats b where b.id = v_parts[10]::uuid) then
    perform base.raise('SV503', 'This replica follows another server');
  end if;
  perform set_config('plinth.vouch', p_vouch, true);
end
$$;

comment on function http.present_vouch(text) is 'Refuses where the replica is not as far as the vouch wants';
grant execute on function http.present_vouch(text) to plinth_web, plinth_operator;
