-- ops: what keeps the house. Partitions, the audit trail, jobs.

------------------------------------------------------------------------------------------------------------------
-- Partitions. What grows with time is partitioned by quarter, month or day on its id, which is ordered by time.
-- Partitions are made ahead, by the deploy and by a job; a DEFAULT one takes what falls beside them, so that no write
-- ever fails for it. What is not kept for ever goes by whole partitions; that is another job, so that neither holds up
-- the other.
------------------------------------------------------------------------------------------------------------------

create table ops.partitioned_tables (
  name           text not null,
  step           text not null default 'month',
  ahead          integer not null default 3,
  behind         integer not null default 0,
  keep_setting   text,
  dropped_before timestamptz,
  constraint partitioned_tables_pkey primary key (name),
  constraint partitioned_tables_step_check check (step in ('quarter', 'month', 'day')),
  constraint partitioned_tables_ahead_check check (ahead between 1 and 60),
  constraint partitioned_tables_behind_check check (behind between 0 and 60)
);

comment on table ops.partitioned_tables is 'Tables that are partitioned by time on an id of version 7';
comment on column ops.partitioned_tables.name is 'The table, with its schema';
comment on column ops.partitioned_tables.step is 'How much of time a partition holds: quarter, month or day';
comment on column ops.partitioned_tables.ahead is 'How many of them ahead partitions are made';
comment on column ops.partitioned_tables.behind is 'For how many back, because what belongs there may come late';
comment on column ops.partitioned_tables.keep_setting is
  'The setting that says how many days are kept; NULL: all of them';
comment on column ops.partitioned_tables.dropped_before is 'What is older may be gone; NULL: nothing was dropped yet';

grant select on ops.partitioned_tables to plinth_system, plinth_operator;

-- Indexes, row triggers and constraints come with ATTACH; row security, the operator's right to read (a dump reads
-- partitions one by one), statement triggers and what the planner is told of columns do not.
create function ops.prepare_partition(p_table regclass, p_name text, p_comment text)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := format('%I.%I', split_part(p_table::text, '.', 1), p_name);
  v_sql  text;
begin
  execute format('create table %s (like %s including all)', v_name, p_table);
  for v_sql in
    select format('alter column %I set (%s)', a.attname, array_to_string(a.attoptions, ', '))
      from pg_attribute a where a.attrelid = p_table and a.attoptions is not null
  loop
    execute format('alter table %s %s', v_name, v_sql);
  end loop;
  execute format('comment on table %s is %L', v_name, p_comment);
  execute format('alter table %s enable row level security', v_name);
  execute format('alter table %s force row level security', v_name);
  execute format('create policy operator_read on %s for select to plinth_operator using (true)', v_name);
  execute format('grant select on %s to plinth_operator', v_name);
  for v_sql in
    select replace(pg_get_triggerdef(t.oid), ' ON ' || p_table || ' ', ' ON ' || v_name || ' ')
      from pg_trigger t where t.tgrelid = p_table and not t.tgisinternal and t.tgtype & 1 = 0
  loop
    execute v_sql;
  end loop;
  return v_name;
end
$$;

comment on function ops.prepare_partition(regclass, text, text) is
  'Makes a table that can be attached as a partition, with all that ATTACH does not bring; returns its name';

create function ops.make_partition(p_table regclass, p_name text, p_from uuid, p_to uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := ops.prepare_partition(p_table, p_name,
    format(case when p_from is null then 'What of %s is in no other part' else 'Some time of %s' end, p_table));
begin
  execute format('alter table %s attach partition %s ', p_table, v_name)
       || case when p_from is null then 'default' else format('for values from (%L) to (%L)', p_from, p_to) end;
end
$$;

comment on function ops.make_partition(regclass, text, uuid, uuid) is
  'Makes one partition and attaches it; without bounds the default one';

-- The name of the partition that begins at a time.
create function ops.partition_name(p_table regclass, p_step text, p_begin timestamptz)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select split_part(p_table::text, '.', 2)
      || to_char(p_begin at time zone 'UTC', case p_step when 'quarter' then '_YYYY_"q"Q' when 'month' then '_YYYY_MM'
                                                             else '_YYYY_MM_DD' end)
$$;

comment on function ops.partition_name(regclass, text, timestamptz) is
  'The name of the partition that begins at a time';

create function ops.partition_step(p_step text)
returns interval
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_step when 'quarter' then interval '3 months' else ('1 ' || p_step)::interval end
$$;

comment on function ops.partition_step(text) is 'How long a quarter, month or day is';

-- ATTACH locks the default partition against everybody, and where there are foreign keys, the tables at their other
-- ends against writers. It waits for moments only: so nobody waits long behind it, and in a deadlock it gives up first.
-- Tables with foreign keys come first: what is made stays locked to the end, so as little as can be is locked when it
-- waits. What it does not get is the next run's, which has time: partitions are made long before they are needed
-- (v_findings tells of one that is missing).
create function ops.make_partitions()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table regclass;
  v_step  text;
  v_begin timestamptz;
  v_end   timestamptz;
  v_name  text;
  v_held  regclass;
  v_made  integer := 0;
  v_wait  text := current_setting('lock_timeout');
begin
  for v_table, v_step, v_begin, v_end in
    select t.name::regclass, t.step, b, date_add(b, s.step, 'UTC')
      from ops.partitioned_tables t
     cross join lateral (select ops.partition_step(t.step) as step) s
     cross join lateral generate_series(date_trunc(t.step, date_subtract(now(), t.behind * s.step, 'UTC'), 'UTC'),
                                        date_add(now(), t.ahead * s.step, 'UTC'), s.step, 'UTC') b
     order by exists (select from pg_constraint c where c.conrelid = t.name::regclass and c.contype = 'f') desc, 1, 3
  loop
    continue when v_table = v_held;  -- no second wait for the same table
    v_name := ops.partition_name(v_table, v_step, v_begin);
    if to_regclass(format('%I.%I', split_part(v_table::text, '.', 1), v_name)) is null then
      -- What is made stays locked to the end, and who waits for it may hold the next one: then nobody is waited for.
      perform set_config('lock_timeout', case when v_made = 0 then '200ms' else '1ms' end, true);
      for v_try in 1..5 loop
        begin
          perform ops.make_partition(v_table, v_name, base.first_id(v_begin), base.first_id(v_end));
          v_made := v_made + 1;
          exit;
        exception
          when check_violation then
            exit;  -- the default partition has rows of that time already; there they stay
          when lock_not_available then
            v_held := case when v_try = 5 then v_table end;
        end;
      end loop;
    end if;
  end loop;
  perform set_config('lock_timeout', v_wait, true);
  return v_made;
end
$$;

comment on function ops.make_partitions() is 'Makes the partitions that are missing; returns how many';

-- The lock that takes a partition away waits for whoever reads the table, and everybody else waits behind it: so it
-- waits for a moment only, and comes again.
create function ops.drop_partitions()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part    regclass;
  v_dropped integer := 0;
begin
  perform set_config('lock_timeout', '200ms', true);

  update ops.partitioned_tables t
     set dropped_before = date_trunc(t.step, now() - make_interval(days => base.setting(t.keep_setting)::integer), 'UTC')
   where t.keep_setting is not null;

  for v_part in
    select c.oid
      from ops.partitioned_tables t
      join pg_inherits i on i.inhparent = t.name::regclass
      join pg_class c on c.oid = i.inhrelid
     where t.dropped_before is not null
       and c.relname <> split_part(t.name, '.', 2) || '_default'
       and c.relname < ops.partition_name(t.name::regclass, t.step, t.dropped_before)
     order by c.relname
     limit 30  -- each stays locked to the end; the next run goes on
  loop
    execute format('drop table %s', v_part);
    v_dropped := v_dropped + 1;
  end loop;
  return v_dropped;
end
$$;

comment on function ops.drop_partitions() is 'Drops the partitions that are not kept any more; returns how many';

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'partitioned_tables', 'reference', 'the same tables everywhere');

------------------------------------------------------------------------------------------------------------------
-- The audit trail. Two tables, because a trail that cannot be changed and a person's right to be forgotten meet
-- here: ops.audit_logs holds ids, actions and column names and is never changed; what may be personal (values,
-- address, what the client called itself and its request) is in ops.audit_details, bound to its row by a salted digest,
-- and may be erased with a record.

create table ops.audit_logs (
  id           uuid not null default base.new_id(),
  occurred_at  timestamptz not null default clock_timestamp(),
  actor_id     uuid,
  api_key_id   uuid,
  acting_role  text not null default session_user,
  user_id      uuid,
  action       text not null,
  entity_type  text not null,
  entity_id    text,
  changed      text[] not null default '{}',
  detail_digest bytea,
  constraint audit_logs_pkey primary key (id)
) partition by range (id);

comment on table ops.audit_logs is 'Who did what to what, and when; append-only for every role';
comment on column ops.audit_logs.id is 'Ordered by time';
comment on column ops.audit_logs.occurred_at is 'When the statement ran';
comment on column ops.audit_logs.actor_id is
  'The user who acted, or for whom an operator acted; NULL: nobody was signed in';
comment on column ops.audit_logs.api_key_id is 'The API key the user acted by; NULL: a session, or an operator';
comment on column ops.audit_logs.acting_role is 'The database login: the layer''s, or the operator''s own';
comment on column ops.audit_logs.user_id is 'The user whose data it is';
comment on column ops.audit_logs.action is 'insert, update, delete, or the name of a security event';
comment on column ops.audit_logs.entity_type is 'Table or kind of thing';
comment on column ops.audit_logs.entity_id is 'Its id';
comment on column ops.audit_logs.changed is 'Names of the columns that changed';
comment on column ops.audit_logs.detail_digest is
  'Digest over salt and detail: shows later that the detail was not replaced';

create index audit_logs_user_id_idx on ops.audit_logs (user_id, id);
comment on index ops.audit_logs_user_id_idx is 'For the trail of one user, newest first';
create index audit_logs_actor_id_idx on ops.audit_logs (actor_id, id);
comment on index ops.audit_logs_actor_id_idx is 'For what one user did';
create index audit_logs_entity_idx on ops.audit_logs (entity_type, entity_id, id);
comment on index ops.audit_logs_entity_idx is 'For the history of one thing';

create table ops.audit_details (
  audit_id   uuid not null,
  user_id    uuid,
  salt       bytea not null default ext.gen_random_bytes(16),
  address    inet,
  user_agent text,
  request_id text,
  difference jsonb not null default '{}',
  constraint audit_details_pkey primary key (audit_id)
) partition by range (audit_id);

comment on table ops.audit_details is
  'The part of the trail that may be personal: values, address, and what the client called itself and its request';
comment on column ops.audit_details.audit_id is 'The row of ops.audit_logs';
comment on column ops.audit_details.user_id is 'The user whose data it is, to find it for erasure';
comment on column ops.audit_details.salt is 'Makes the digest worthless for guessing an erased value';
comment on column ops.audit_details.address is 'Address the call came from';
comment on column ops.audit_details.user_agent is 'What the client called itself';
comment on column ops.audit_details.request_id is 'X-Request-Id of the call, which the client may have chosen';
comment on column ops.audit_details.difference is 'Column name -> {"before", "after"}; secrets never get here';

create index audit_details_user_id_idx on ops.audit_details (user_id, audit_id);
comment on index ops.audit_details_user_id_idx is 'For the export of a user, page by page, and for erasing one';
create index audit_details_login_idx on ops.audit_details ((difference ->> 'login_digest')) where user_id is null;
comment on index ops.audit_details_login_idx is
  'For erasing a user: attempts that named the account and found none active';

create table ops.audit_erasures (
  audit_id    uuid not null,
  user_id     uuid,
  erased_at   timestamptz not null default clock_timestamp(),
  acting_role text not null default session_user,
  reason      text not null,
  key_id      text not null,
  digest      bytea not null,
  constraint audit_erasures_pkey primary key (audit_id),
  constraint audit_erasures_digest_check check (length(digest) = 32)
);

comment on table ops.audit_erasures is
  'Which details were erased, and why; without such a row a detail cannot be removed. Each is sealed as it is written';
comment on column ops.audit_erasures.audit_id is 'The row of ops.audit_logs whose detail is gone';
comment on column ops.audit_erasures.user_id is 'For whose sake';
comment on column ops.audit_erasures.erased_at is 'When';
comment on column ops.audit_erasures.acting_role is 'The database login that erased';
comment on column ops.audit_erasures.reason is 'Why';
comment on column ops.audit_erasures.key_id is 'Which key it was sealed with';
comment on column ops.audit_erasures.digest is 'HMAC-SHA-256 over all of this';

create index audit_erasures_user_id_idx on ops.audit_erasures (user_id, audit_id);
comment on index ops.audit_erasures_user_id_idx is 'For the export of a user, page by page';

-- What is written waits here until it is sealed. A row of its own and not a mark, because the trail is never changed,
-- and because a transaction that commits late must not be passed over.
create table ops.audit_unsealed (
  audit_id uuid not null,
  constraint audit_unsealed_pkey primary key (audit_id)
);

comment on table ops.audit_unsealed is 'Rows of the trail that no seal covers yet: those of the last few seconds';
comment on column ops.audit_unsealed.audit_id is 'The row of ops.audit_logs';

-- Seals make tampering visible: each names its rows with their digests and hangs on the one before, under a key that is
-- not in the database. Sealing in batches, behind the writers, makes none of them wait for another.
create table ops.audit_seals (
  seq       bigint not null,
  sealed_at timestamptz not null default clock_timestamp(),
  key_id    text not null,
  previous  bytea not null,
  audit_ids uuid[] not null,
  digests   bytea[] not null,
  digest    bytea not null,
  constraint audit_seals_pkey primary key (seq),
  constraint audit_seals_seq_check check (seq > 0),
  constraint audit_seals_digests_check check (cardinality(digests) = cardinality(audit_ids)),
  constraint audit_seals_digest_check check (length(digest) = 32)
);

comment on table ops.audit_seals is 'The chain of seals over the audit trail; append-only for every role';
comment on column ops.audit_seals.seq is 'Place in the chain, without gaps';
comment on column ops.audit_seals.sealed_at is 'When';
comment on column ops.audit_seals.key_id is 'Which key it was sealed with';
comment on column ops.audit_seals.previous is 'Digest of the seal before';
comment on column ops.audit_seals.audit_ids is 'The rows it covers';
comment on column ops.audit_seals.digests is 'SHA-256 of each of them; NULL: it was gone before it could be sealed';
comment on column ops.audit_seals.digest is 'HMAC-SHA-256 over all of this';

-- Durable, because a seal has to be checked years later: what goes into a digest never changes. It is every column.
create function ops.audit_digest(p_row ops.audit_logs)
returns bytea
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select sha256(convert_to(jsonb_build_array(
    p_row.id, extract(epoch from p_row.occurred_at), p_row.actor_id, p_row.api_key_id, p_row.acting_role, p_row.user_id,
    p_row.action, p_row.entity_type, p_row.entity_id, to_jsonb(p_row.changed),
    encode(p_row.detail_digest, 'hex'))::text, 'UTF8'))
$$;

comment on function ops.audit_digest(ops.audit_logs) is 'What a seal remembers of a row of the trail';
grant execute on function ops.audit_digest(ops.audit_logs) to plinth_system;

create function ops.detail_digest(p_detail ops.audit_details)
returns bytea
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select sha256(p_detail.salt || convert_to(jsonb_build_array(
    p_detail.audit_id, p_detail.user_id, p_detail.address, p_detail.user_agent, p_detail.request_id,
    p_detail.difference)::text, 'UTF8'))
$$;

comment on function ops.detail_digest(ops.audit_details) is 'What a row of the trail remembers of its detail';
grant execute on function ops.detail_digest(ops.audit_details) to plinth_system;

create function ops.erasure_digest(p_erasure ops.audit_erasures, p_key bytea)
returns bytea
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select ext.hmac(convert_to(jsonb_build_array(
    p_erasure.audit_id, p_erasure.user_id, extract(epoch from p_erasure.erased_at), p_erasure.acting_role,
    p_erasure.reason, p_erasure.key_id)::text, 'UTF8'), p_key, 'sha256')
$$;

comment on function ops.erasure_digest(ops.audit_erasures, bytea) is
  'The digest of a record of an erasure under its key';
grant execute on function ops.erasure_digest(ops.audit_erasures, bytea) to plinth_system;

create function ops.seal_digest(p_seal ops.audit_seals, p_key bytea)
returns bytea
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select ext.hmac(p_seal.previous || convert_to(jsonb_build_array(
    p_seal.seq, extract(epoch from p_seal.sealed_at), p_seal.key_id, to_jsonb(p_seal.audit_ids),
    to_jsonb(p_seal.digests))::text, 'UTF8'), p_key, 'sha256')
$$;

comment on function ops.seal_digest(ops.audit_seals, bytea) is 'The digest of a seal under its key';
grant execute on function ops.seal_digest(ops.audit_seals, bytea) to plinth_system;

create function ops.tg_audit_details__guard()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and exists (select from ops.audit_erasures e where e.audit_id = old.audit_id) then
    return old;
  end if;
  perform base.raise('AU001', 'A detail of the audit trail is never changed, and removed only after its erasure is recorded');
  return null;
end
$$;

comment on function ops.tg_audit_details__guard() is 'Lets a detail go only after its erasure was recorded';

create trigger _100_append_only before update or delete on ops.audit_logs
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.audit_logs
  for each statement execute function base.tg__append_only();
create trigger _100_guard before update or delete on ops.audit_details
  for each row execute function ops.tg_audit_details__guard();
create trigger _110_append_only before truncate on ops.audit_details
  for each statement execute function base.tg__append_only();
create trigger _100_append_only before update or delete on ops.audit_erasures
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.audit_erasures
  for each statement execute function base.tg__append_only();
create trigger _100_append_only before update or delete on ops.audit_seals
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.audit_seals
  for each statement execute function base.tg__append_only();

-- The trail is written by one function only. Its owner may insert and may not read back other users' rows.
create function ops.write_audit(
  p_action      text,
  p_entity_type text,
  p_entity_id   text,
  p_user_id     uuid default null,
  p_difference  jsonb default '{}'
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id     uuid := base.new_id();
  v_detail ops.audit_details := (v_id, p_user_id, ext.gen_random_bytes(16), base.request_context(3)::inet,
                                 base.request_context(4), base.request_context(2), p_difference);
begin
  insert into ops.audit_logs
    (id, actor_id, api_key_id, user_id, action, entity_type, entity_id, changed, detail_digest)
  values
    (v_id, base.current_user_id(), base.request_context(5)::uuid, p_user_id, p_action, p_entity_type, p_entity_id,
     array(select k from jsonb_object_keys(p_difference) k order by k), ops.detail_digest(v_detail));

  insert into ops.audit_details select v_detail.*;

  insert into ops.audit_unsealed (audit_id) values (v_id);
end
$$;

comment on function ops.write_audit(text, text, text, uuid, jsonb) is
  'Adds one row to the audit trail, in the transaction of what it tells about';
grant execute on function ops.write_audit(text, text, text, uuid, jsonb) to plinth_system, plinth_operator;

create function ops.tg__audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before  jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) else '{}' end;
  v_after   jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) else '{}' end;
  v_row     jsonb := case when tg_op = 'DELETE' then v_before else v_after end;
  v_secret  text[] := coalesce(tg_argv[2], '{}')::text[];
  v_left    text[] := coalesce(tg_argv[3], '{}')::text[] || '{updated_at,version}';
  v_changes jsonb;
begin
  -- A secret column is named among the changed ones, its value is not kept. NULL is told by leaving the side out
  -- (jsonb_strip_nulls would reach into the value, too).
  select coalesce(jsonb_object_agg(k.name, case
           when k.name = any (v_secret) then '{}'::jsonb
           else case when v_before -> k.name <> 'null' then jsonb_build_object('before', v_before -> k.name) else '{}' end
             || case when v_after -> k.name <> 'null' then jsonb_build_object('after', v_after -> k.name) else '{}' end
         end), '{}')
    into v_changes
    from jsonb_object_keys(v_before || v_after) as k (name)
   where coalesce(v_before -> k.name, 'null') <> coalesce(v_after -> k.name, 'null')
     and k.name <> all (v_left);

  if v_changes <> '{}' then
    perform ops.write_audit(
      lower(tg_op), format('%s.%s', tg_table_schema, tg_table_name), v_row ->> tg_argv[0],
      (v_row ->> tg_argv[1])::uuid, v_changes);
  end if;
  return null;
end
$$;

comment on function ops.tg__audit() is
  'Arguments: id column, user column, arrays of secret columns and of such to leave out. Writes what differs to the trail';

-- Here because settings are older than the trail. Whoever loosens a protection is on record; settings that a deploy
-- adds change nothing.
create trigger _800_audit after delete or update on base.settings
  for each row execute function ops.tg__audit('name', 'user_id');

do $$
declare
  v_table text;
begin
  foreach v_table in array array['audit_logs', 'audit_details', 'audit_erasures', 'audit_unsealed', 'audit_seals'] loop
    execute format('alter table ops.%I enable row level security', v_table);
    execute format('alter table ops.%I force row level security', v_table);
    execute format('create policy operator_read on ops.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on ops.%I to plinth_operator', v_table);
  end loop;
end $$;

create policy owner_insert on ops.audit_logs for insert to plinth_owner with check (true);
create policy owner_insert on ops.audit_details for insert to plinth_owner with check (true);
create policy owner_insert on ops.audit_unsealed for insert to plinth_owner with check (true);
create policy owner_read on ops.audit_erasures for select to plinth_owner using (true);
create policy own_rows on ops.audit_logs for select to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on ops.audit_details for select to plinth_owner using (user_id = (select base.current_user_id()));

-- Sealing, checking, searching and erasing look across users.
create policy system_read on ops.audit_logs for select to plinth_system using (true);
create policy system_read on ops.audit_details for select to plinth_system using (true);
create policy system_delete on ops.audit_details for delete to plinth_system using (true);
create policy system_read on ops.audit_erasures for select to plinth_system using (true);
create policy system_insert on ops.audit_erasures for insert to plinth_system with check (true);
create policy system_read on ops.audit_unsealed for select to plinth_system using (true);
create policy system_delete on ops.audit_unsealed for delete to plinth_system using (true);
create policy system_read on ops.audit_seals for select to plinth_system using (true);
create policy system_insert on ops.audit_seals for insert to plinth_system with check (true);
grant select on ops.audit_logs to plinth_system;
grant select, delete on ops.audit_details, ops.audit_unsealed to plinth_system;
grant select, insert on ops.audit_erasures, ops.audit_seals to plinth_system;

insert into ops.partitioned_tables (name) values ('ops.audit_logs'), ('ops.audit_details');
select ops.make_partition('ops.audit_logs', 'audit_logs_default', null, null),
       ops.make_partition('ops.audit_details', 'audit_details_default', null, null);
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'audit_logs',     'local', 'written on the machine where it happened, read by operators'),
  ('ops', 'audit_details',  'local', 'beside its row'),
  ('ops', 'audit_erasures', 'local', 'beside its row'),
  ('ops', 'audit_unsealed', 'local', 'beside its row'),
  ('ops', 'audit_seals',    'local', 'each machine''s trail has its own chain');

-- Address and agent of a trail's row are those of whoever acted, who may be somebody else: never in an export.
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral) values
  ('ops', 'audit_logs', 'keep', '{}', '{detail_digest}', '{acting_role,action,entity_type,entity_id,changed}'),
  ('ops', 'audit_details', 'delete', '{request_id,difference}', '{salt,address,user_agent}', '{}'),
  ('ops', 'audit_erasures', 'keep', '{}', '{digest}', '{acting_role,reason,key_id}');

-- How the jobs of http.jobs went. Apart from the registry, because a deploy makes that anew.
create table ops.job_runs (
  name        text not null,
  next_run_at timestamptz not null default now(),
  finished_at timestamptz,
  seconds     double precision,
  rows        integer,
  failures    integer not null default 0,
  error       text,
  constraint job_runs_pkey primary key (name)
);

comment on table ops.job_runs is 'How each job last went, and when it is due; its row is locked while it runs';
comment on column ops.job_runs.name is 'The job';
comment on column ops.job_runs.next_run_at is 'When it is due';
comment on column ops.job_runs.finished_at is 'When it last ended well';
comment on column ops.job_runs.seconds is 'How long that took';
comment on column ops.job_runs.rows is 'How many rows it worked on';
comment on column ops.job_runs.failures is 'Failures in a row; each doubles the wait, up to an hour';
comment on column ops.job_runs.error is 'What the last failure said; NULL after a success';

grant select on ops.job_runs to plinth_operator, plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'job_runs', 'local', 'each machine does its own work');
