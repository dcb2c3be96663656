-- api.verify_audit: whether the audit trail is what was written. One row; where something is wrong, it names the first
-- place in the order of the chain.
--
-- Rules   Each seal from p_from_seal on: it hangs on the one before, its digest is right under its key, each of its
--         rows is there and unchanged, and so is the row's detail, unless its erasure is on record. Then the detail is
--         gone, and the record was made by core.erase_audit: its digest is right under its key.
--         From the first seal on also: no row is outside the chain that does not wait to be sealed, and no erasure is
--         on record of a row that is not there.
--         Whoever removes the newest seals with their rows leaves a shorter chain that is right in itself: p_head is
--         the head of an earlier answer, noted elsewhere, and must be part of it.
-- Errors  NP001 permission audit:read missing; VL001 from_seal, head
-- Owned by plinth_system: the trail is everybody's.
create or replace function api.verify_audit(p_from_seal bigint default 1, p_head text default null)
returns table (
  ok       boolean,
  seals    bigint,
  rows     bigint,
  unsealed bigint,
  bad_seal bigint,
  bad_row  uuid,
  reason   text,
  head     text
)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seal     ops.audit_seals;
  v_previous bytea := '';
  v_known    boolean := p_head is null;
  v_keys     text[] := array(select split_part(k, ':', 1)
                               from string_to_table(current_setting('plinth.secret_keys', true), ',') k);
begin
  perform core.require_permission('audit:read');
  if p_from_seal is null or p_from_seal < 1
     or p_from_seal > 1 + coalesce((select max(s.seq) from ops.audit_seals s), 0)
  then
    perform base.raise('VL001', 'from_seal must be the number of a seal, or of the next one', 'from_seal');
  end if;
  if p_head !~ '^[0-9a-f]{64}$' then
    perform base.raise('VL001', 'head must be that of an earlier answer: 64 hexadecimal digits', 'head');
  end if;

  seals := 0;
  rows := 0;
  unsealed := (select count(*) from ops.audit_unsealed);

  if p_from_seal > 1 then
    select s.digest into v_previous from ops.audit_seals s where s.seq = p_from_seal - 1;
  end if;

  for v_seal in select s.* from ops.audit_seals s where s.seq >= p_from_seal order by s.seq loop
    bad_seal := p_from_seal + seals;
    reason := case
      when v_seal.seq <> bad_seal then 'the seal was removed'
      when v_seal.key_id <> all (v_keys) then 'the key that it was sealed with is not at hand'
      when v_seal.previous is distinct from v_previous
        or v_seal.digest <> ops.seal_digest(v_seal, core.secret_key('authenticate', 'audit seal', v_seal.key_id))
        then 'the seal was changed' end;
    exit when reason is not null;

    select c.audit_id, c.reason into bad_row, reason
      from (select n.audit_id, n.place,
                   case when l.id is null then 'the row was removed'
                        when n.digest is distinct from ops.audit_digest(l) then 'the row was changed'
                        when e.key_id <> all (v_keys) then 'the key that its erasure was recorded with is not at hand'
                        when e.digest <> ops.erasure_digest(e, core.secret_key('authenticate', 'audit erasure', e.key_id))
                        then 'the record of its erasure is forged'
                        when d.audit_id is null and e.audit_id is null then 'its detail was removed'
                        when d.audit_id = e.audit_id then 'its detail is there, and so is the record of its erasure'
                        when d.audit_id is not null and l.detail_digest is distinct from ops.detail_digest(d)
                        then 'its detail was changed' end as reason
              from unnest(v_seal.audit_ids, v_seal.digests) with ordinality as n (audit_id, digest, place)
              left join ops.audit_logs l on l.id = n.audit_id
              left join ops.audit_details d on d.audit_id = n.audit_id
              left join ops.audit_erasures e on e.audit_id = n.audit_id) c
     where c.reason is not null
     order by c.place
     limit 1;
    exit when found;

    bad_seal := null;
    seals := seals + 1;
    rows := rows + cardinality(v_seal.audit_ids);
    v_previous := v_seal.digest;
    v_known := v_known or encode(v_seal.digest, 'hex') = p_head;
  end loop;

  if reason is null and p_from_seal = 1 then
    -- EXCEPT and no join, whose plan would hang on how many rows waited when statistics were last taken.
    select x.id, 'the row was added beside the chain' into bad_row, reason
      from (select l.id from ops.audit_logs l
            except select u.audit_id from ops.audit_unsealed u
            except select unnest(s.audit_ids) from ops.audit_seals s) x
     order by x.id
     limit 1;
  end if;
  if reason is null and p_from_seal = 1 then
    select x.audit_id, 'an erasure is on record of a row that is not there' into bad_row, reason
      from (select e.audit_id from ops.audit_erasures e except select l.id from ops.audit_logs l) x
     order by x.audit_id
     limit 1;
  end if;
  if reason is null and not v_known then
    reason := 'the chain does not lead to that head: its end was removed';
  end if;

  ok := reason is null;
  head := encode(v_previous, 'hex');
  return next;
end
$$;

comment on function api.verify_audit(bigint, text) is
  'Whether the audit trail is what was written; names the first bad seal or row';
grant execute on function api.verify_audit(bigint, text) to plinth_web, plinth_operator;
alter function api.verify_audit(bigint, text) owner to plinth_system;
select http.expose('GET /v1/audit/verification', 'api.verify_audit', permission => 'audit:read', lane => 'slow');
