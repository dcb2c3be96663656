-- ops: the audit trail. Two tables, because a trail that cannot be changed and a person's right to be forgotten meet
-- here: ops.audit_logs holds ids, actions and column names and is never changed; what may be personal (values,
-- address, user agent) is in ops.audit_details, bound to its row by a salted digest, and may be erased with a record.

create table ops.audit_logs (
  id           uuid not null default base.new_id(),
  occurred_at  timestamptz not null default clock_timestamp(),
  actor_id     uuid,
  acting_role  text not null default session_user,
  user_id      uuid,
  action       text not null,
  entity_type  text not null,
  entity_id    text,
  changed      text[] not null default '{}',
  request_id   text,
  detail_digest bytea,
  constraint audit_logs_pkey primary key (id)
);

comment on table ops.audit_logs is 'Who did what to what, and when; append-only for every role';
comment on column ops.audit_logs.id is 'Ordered by time';
comment on column ops.audit_logs.occurred_at is 'When the statement ran';
comment on column ops.audit_logs.actor_id is
  'The user who acted, or for whom an operator acted; NULL: nobody was signed in';
comment on column ops.audit_logs.acting_role is 'The database login: the layer''s, or the operator''s own';
comment on column ops.audit_logs.user_id is 'The user whose data it is';
comment on column ops.audit_logs.action is 'insert, update, delete, or the name of a security event';
comment on column ops.audit_logs.entity_type is 'Table or kind of thing';
comment on column ops.audit_logs.entity_id is 'Its id';
comment on column ops.audit_logs.changed is 'Names of the columns that changed';
comment on column ops.audit_logs.request_id is 'X-Request-Id of the call';
comment on column ops.audit_logs.detail_digest is
  'SHA-256 over salt and detail: shows later that the detail was not replaced';

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
  difference jsonb not null default '{}',
  constraint audit_details_pkey primary key (audit_id),
  constraint audit_details_audit_id_fkey foreign key (audit_id) references ops.audit_logs (id) on delete restrict
);

comment on table ops.audit_details is 'The part of the trail that may be personal: values, address, user agent';
comment on column ops.audit_details.audit_id is 'The row of ops.audit_logs';
comment on column ops.audit_details.user_id is 'The user whose data it is, to find it for erasure';
comment on column ops.audit_details.salt is 'Makes the digest worthless for guessing an erased value';
comment on column ops.audit_details.address is 'Address the call came from';
comment on column ops.audit_details.user_agent is 'What the client called itself';
comment on column ops.audit_details.difference is 'Column name -> {"before", "after"}; secrets never get here';

create index audit_details_user_id_idx on ops.audit_details (user_id);
comment on index ops.audit_details_user_id_idx is 'For erasing a user';
create index audit_details_login_idx on ops.audit_details (lower(difference ->> 'login')) where user_id is null;
comment on index ops.audit_details_login_idx is
  'For erasing a user: attempts that named the account and found none active';

create table ops.audit_erasures (
  audit_id  uuid not null,
  erased_at timestamptz not null default clock_timestamp(),
  reason    text not null,
  constraint audit_erasures_pkey primary key (audit_id),
  constraint audit_erasures_audit_id_fkey foreign key (audit_id) references ops.audit_logs (id) on delete restrict
);

comment on table ops.audit_erasures is
  'Which details were erased, and why; without such a row a detail cannot be removed';
comment on column ops.audit_erasures.audit_id is 'The row of ops.audit_logs whose detail is gone';
comment on column ops.audit_erasures.erased_at is 'When';
comment on column ops.audit_erasures.reason is 'Why';

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
  v_id      uuid := base.new_id();
  v_salt    bytea := ext.gen_random_bytes(16);
  v_address inet := base.request_context(3)::inet;
  v_agent   text := base.request_context(4);
begin
  insert into ops.audit_logs
    (id, actor_id, user_id, action, entity_type, entity_id, changed, request_id, detail_digest)
  values
    (v_id, base.current_user_id(), p_user_id, p_action, p_entity_type, p_entity_id,
     array(select k from jsonb_object_keys(p_difference) k order by k),
     base.request_context(2),
     sha256(v_salt || convert_to(concat_ws(E'\x1f', v_address, v_agent, p_difference), 'UTF8')));

  insert into ops.audit_details (audit_id, user_id, salt, address, user_agent, difference)
  values (v_id, p_user_id, v_salt, v_address, v_agent, p_difference);
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
     and k.name not in ('updated_at', 'version');

  if v_changes <> '{}' then
    perform ops.write_audit(
      lower(tg_op), format('%s.%s', tg_table_schema, tg_table_name), v_row ->> tg_argv[0],
      (v_row ->> tg_argv[1])::uuid, v_changes);
  end if;
  return null;
end
$$;

comment on function ops.tg__audit() is
  'Arguments: id column, user column, array of secret columns. Writes the difference between old and new row to the trail';

do $$
declare
  v_table text;
begin
  foreach v_table in array array['audit_logs', 'audit_details', 'audit_erasures'] loop
    execute format('alter table ops.%I enable row level security', v_table);
    execute format('alter table ops.%I force row level security', v_table);
    execute format('create policy operator_read on ops.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on ops.%I to plinth_operator', v_table);
  end loop;
end $$;

create policy owner_insert on ops.audit_logs for insert to plinth_owner with check (true);
create policy owner_insert on ops.audit_details for insert to plinth_owner with check (true);
create policy owner_read on ops.audit_erasures for select to plinth_owner using (true);
create policy own_rows on ops.audit_logs for select to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on ops.audit_details for select to plinth_owner using (user_id = (select base.current_user_id()));

-- A detail is erased by one reviewed function, core.erase_audit.
create policy system_read on ops.audit_logs for select to plinth_system using (true);
create policy system_read on ops.audit_details for select to plinth_system using (true);
create policy system_delete on ops.audit_details for delete to plinth_system using (true);
create policy system_insert on ops.audit_erasures for insert to plinth_system with check (true);
create policy system_read on ops.audit_erasures for select to plinth_system using (true);
grant select on ops.audit_logs to plinth_system;
grant select, delete on ops.audit_details to plinth_system;
grant select, insert on ops.audit_erasures to plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'audit_logs',     'local', 'written on the machine where it happened, read by operators'),
  ('ops', 'audit_details',  'local', 'beside its row'),
  ('ops', 'audit_erasures', 'local', 'beside its row');

-- Address and agent of a trail's row are those of whoever acted, who may be somebody else: never in an export.
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral) values
  ('ops', 'audit_logs', 'keep', '{}', '{detail_digest}',
   '{acting_role,action,entity_type,entity_id,changed,request_id}'),
  ('ops', 'audit_details', 'delete', '{difference}', '{salt,address,user_agent}', '{}'),
  ('ops', 'audit_erasures', 'keep', '{}', '{}', '{reason}');

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

grant select on ops.job_runs to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'job_runs', 'local', 'each machine does its own work');
