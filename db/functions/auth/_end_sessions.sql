-- core.end_sessions: ends what a user has signed in, all of it or all but one. The tokens are worthless from this
-- commit on, in every worker; how many were live is returned.
--
-- Rules   The reason stands beside each session and once in the audit trail. Nothing to end is no event.
-- Locks   the sessions' rows
-- Touches sessions
-- Owned by plinth_system: operators' functions and sign-in call it for users who are not the caller.
create or replace function core.end_sessions(p_user_id uuid, p_reason text, p_except uuid default null)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  update auth.sessions s
     set ended_at = clock_timestamp(), end_reason = p_reason
   where s.user_id = p_user_id and s.ended_at is null and s.id is distinct from p_except;
  get diagnostics v_count = row_count;

  if v_count > 0 then
    perform ops.write_audit('sessions.ended', 'auth.users', p_user_id::text, p_user_id,
                            jsonb_build_object('reason', p_reason, 'count', v_count));
  end if;
  return v_count;
end
$$;

comment on function core.end_sessions(uuid, text, uuid) is 'Ends a user''s sessions, all or all but one';
alter function core.end_sessions(uuid, text, uuid) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.end_sessions(uuid, text, uuid) to plinth_owner;
set local role plinth_owner;
