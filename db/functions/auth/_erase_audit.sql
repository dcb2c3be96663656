-- core.erase_audit: removes the details of the audit trail that tell something about a user, at most so many: what was
-- done to the account, what the user did to others (with address and agent), and attempts to sign in that named it.
-- Returns how many; when fewer than it might, there is none left.
--
-- Rules   Each detail goes with a record in ops.audit_erasures; the trail's own rows, which hold ids only, stay.
--         A record is sealed here and now and not by the job: what the job finds, anybody could have put there.
-- Errors  SV503 the connection brought no keys
-- Locks   the details' rows
-- Owned by plinth_system: details of what the user did to others are others' rows.
create or replace function core.erase_audit(p_user_id uuid, p_logins text[], p_reason text, p_most integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at     timestamptz := clock_timestamp();
  v_key_id text := split_part(current_setting('plinth.secret_keys', true), ':', 1);
  v_key    bytea := core.secret_key('authenticate', 'audit erasure');
  v_ids    uuid[];
  v_count  integer;
begin
  v_ids := array(
    (select d.audit_id from ops.audit_details d where d.user_id = p_user_id limit p_most)
    union
    (select d.audit_id from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
      where l.actor_id = p_user_id limit p_most)
    union
    (select d.audit_id from ops.audit_details d
      where d.user_id is null
        and d.difference ->> 'login_digest' in (select encode(core.attempt_digest(l), 'hex') from unnest(p_logins) l)
      limit p_most)
    limit p_most);

  insert into ops.audit_erasures
  select i, p_user_id, v_at, session_user, p_reason, v_key_id,
         ops.erasure_digest((i, p_user_id, v_at, session_user, p_reason, v_key_id, null)::ops.audit_erasures, v_key)
    from unnest(v_ids) i
  on conflict do nothing;
  delete from ops.audit_details d where d.audit_id = any (v_ids);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function core.erase_audit(uuid, text[], text, integer) is
  'Removes details of the audit trail that tell something about a user, at most so many, each with its record';
alter function core.erase_audit(uuid, text[], text, integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.erase_audit(uuid, text[], text, integer) to plinth_owner;
set local role plinth_owner;
