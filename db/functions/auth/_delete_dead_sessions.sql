-- core.delete_dead_sessions: removes sessions that ended or ran out, and with them their spent refresh tokens.
--
-- Rules   At most so many. What is being used at this moment is left for the next time.
-- Locks   the sessions' rows, none that somebody else holds
-- Owned by plinth_system: it looks across users.
create or replace function core.delete_dead_sessions(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  delete from auth.sessions s
   using (select d.user_id, d.id from auth.sessions d
           where d.ended_at is not null or d.refresh_expires_at <= now() and d.expires_at <= now()
           limit p_limit for update skip locked) dead
   where s.user_id = dead.user_id and s.id = dead.id;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function core.delete_dead_sessions(integer) is 'Removes sessions that ended or ran out, at most so many';
alter function core.delete_dead_sessions(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.delete_dead_sessions(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.delete_dead_sessions', interval '1 minute');
