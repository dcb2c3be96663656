-- core.seal_audit: the job that seals what was written to the audit trail: one seal over up to p_limit rows.
--
-- Rules   A seal names its rows with their digests and hangs on the seal before, under a key that is kept elsewhere.
--         A row is not covered until then: what could be changed unseen is what was written since the last run, and
--         select count(*) from ops.audit_unsealed tells how much that is.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
-- Errors  SV503 the connection brought no keys
-- Locks   the waiting rows it takes. Of two that seal at once, one waits and takes the rest, or gets 23505, and
--         nothing is lost.
-- Owned by plinth_system: the trail is everybody's.
create or replace function core.seal_audit(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seal ops.audit_seals;
begin
  with taken as (
    delete from ops.audit_unsealed u
     where u.audit_id in (select w.audit_id from ops.audit_unsealed w order by w.audit_id limit p_limit)
    returning u.audit_id
  )
  select array_agg(t.audit_id order by t.audit_id),
         array_agg(l.digest order by t.audit_id)
    into v_seal.audit_ids, v_seal.digests
    from taken t
    left join lateral (select ops.audit_digest(a) as digest from ops.audit_logs a where a.id = t.audit_id offset 0) l on true;

  if v_seal.audit_ids is null then
    return 0;
  end if;

  select s.seq, s.digest into v_seal.seq, v_seal.previous from ops.audit_seals s order by s.seq desc limit 1;
  v_seal.seq := coalesce(v_seal.seq, 0) + 1;
  v_seal.previous := coalesce(v_seal.previous, '');
  v_seal.sealed_at := clock_timestamp();
  v_seal.key_id := split_part(current_setting('plinth.secret_keys', true), ':', 1);
  v_seal.digest := ops.seal_digest(v_seal, core.secret_key('authenticate', 'audit seal'));
  insert into ops.audit_seals select v_seal.*;
  return cardinality(v_seal.audit_ids);
end
$$;

comment on function core.seal_audit(integer) is 'Seals what was written to the audit trail';
alter function core.seal_audit(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.seal_audit(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.seal_audit', every => '2 seconds');
