-- ops: feature flags. What is switched on for whom, since when and why. One row is one flag, whole: its rules, variants
-- and prerequisites are columns of it, so that a version is one row, and undoing a change is writing that row again.

------------------------------------------------------------------------------------------------------------------
-- Flags.
------------------------------------------------------------------------------------------------------------------

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('flags.limit', '200', 'integer', 1, 10000, 'Feature flags that are not archived');

create table ops.flags (
  key           text not null,
  description   text not null default '',
  enabled       boolean not null default false,
  percentage    numeric not null default 100,
  rules         jsonb not null default '[]',
  variants      jsonb not null default '[]',
  slots         jsonb not null default '{}',
  off_value     jsonb not null default 'false',
  prerequisites text[] not null default '{}',
  starts_at     timestamptz,
  ends_at       timestamptz,
  salt          text not null,
  archived_at   timestamptz,
  created_at    timestamptz not null default clock_timestamp(),
  updated_at    timestamptz not null default clock_timestamp(),
  version       integer not null default 1,
  constraint flags_pkey primary key (key),
  constraint flags_key_check check (key ~ '^[a-z][a-z0-9_.-]{0,99}$'),
  constraint flags_description_check check (length(description) <= 1000),
  constraint flags_percentage_check check (percentage between 0 and 100 and percentage = round(percentage, 2)),
  constraint flags_rules_check check (jsonb_typeof(rules) = 'array'),
  constraint flags_variants_check check (jsonb_typeof(variants) = 'array'),
  constraint flags_slots_check check (jsonb_typeof(slots) = 'object'),
  constraint flags_ends_at_check check (ends_at > starts_at),
  constraint flags_salt_check check (length(salt) between 1 and 100)
);

comment on table ops.flags is 'Feature flags: what is switched on, and for whom';
comment on column ops.flags.key is 'Name in the code; never changes';
comment on column ops.flags.description is 'What it switches';
comment on column ops.flags.enabled is 'The main switch: off is off for everybody';
comment on column ops.flags.percentage is 'Share of the users whom no rule decides about, in percent with two decimals';
comment on column ops.flags.rules is
  'Array in order, the first rule whose conditions all hold decides: users (ids), roles (one of them), tiers (one of them), '
  'percentage; and what then: enabled (default true), variant; description';
comment on column ops.flags.variants is 'Array of {"name", "weight", "value"}: who has the flag gets one of them';
comment on column ops.flags.slots is
  'Which of 10,000 slots each variant has; kept by a trigger, which moves as few as it can when weights change';
comment on column ops.flags.off_value is 'The value for whoever does not have it';
comment on column ops.flags.prerequisites is 'Flags a user must have before this one counts; no circles';
comment on column ops.flags.starts_at is 'Off before; NULL: no beginning';
comment on column ops.flags.ends_at is 'Off from then on; NULL: no end';
comment on column ops.flags.salt is
  'Hashed with the user id: another salt draws other users; the key, unless something else was asked for';
comment on column ops.flags.archived_at is 'When it was put away; then it is like none';
comment on column ops.flags.created_at is 'When it was made';
comment on column ops.flags.updated_at is 'When it last changed';
comment on column ops.flags.version is 'Grows with every change; names a row of ops.flag_history';

create table ops.flag_history (
  key         text not null,
  version     integer not null,
  valid_from  timestamptz not null,
  changed_by  uuid,
  acting_role text not null default session_user,
  reason      text,
  restores    integer,
  definition  jsonb not null,
  constraint flag_history_pkey primary key (key, version),
  constraint flag_history_key_fkey foreign key (key) references ops.flags (key) on delete restrict,
  constraint flag_history_reason_check check (length(reason) between 1 and 500)
);

comment on table ops.flag_history is
  'Every version of every flag, whole; the one before it has the version before. Append-only, whoever asks';
comment on column ops.flag_history.key is 'The flag';
comment on column ops.flag_history.version is 'Its version from then on, without gaps';
comment on column ops.flag_history.valid_from is 'Since when it held, to the length of the transaction that wrote it';
comment on column ops.flag_history.changed_by is 'The user who changed it; NULL: an operator, see acting_role';
comment on column ops.flag_history.acting_role is 'The database login';
comment on column ops.flag_history.reason is 'Why, in the words of whoever changed it';
comment on column ops.flag_history.restores is 'The version that this one brought back, where the change was an undo';
comment on column ops.flag_history.definition is 'The row of ops.flags as it was from then on';

create index flag_history_valid_from_idx on ops.flag_history (valid_from);
comment on index ops.flag_history_valid_from_idx is 'For what was changed lately';

------------------------------------------------------------------------------------------------------------------
-- What a flag may be. Whoever writes, the layer or psql, is refused the same in the same words.
------------------------------------------------------------------------------------------------------------------

create function ops.flag_faults(p_flag ops.flags)
returns table (field text, message text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with rule as (
    select r.item, format('rules[%s]', r.n - 1) as name
      from jsonb_path_query(p_flag.rules, '$[*]') with ordinality as r (item, n)
  ), variant as (
    select v.item, format('variants[%s]', v.n - 1) as name, v.item ->> 'name' as says
      from jsonb_path_query(p_flag.variants, '$[*]') with ordinality as v (item, n)
  ), part as (
    select r.name || '.' || p.key as name, p.key, p.value from rule r
     cross join lateral jsonb_each(case when jsonb_typeof(r.item) = 'object' then r.item else '{}' end) p
  ), item as (
    select p.name, p.key, i.value #>> '{}' as word, jsonb_typeof(i.value) as type from part p
     cross join lateral jsonb_path_query(p.value, '$[*]') as i (value)
     where p.key in ('users', 'roles', 'tiers')
  )
  select 'key', 'key must have 1 to 100 characters: lower-case letters, and after the first also digits, _, . and -'
   where p_flag.key !~ '^[a-z][a-z0-9_.-]{0,99}$'
  union all
  select 'description', 'description must have at most 1,000 characters' where length(p_flag.description) > 1000
  union all
  select 'percentage', 'percentage must be from 0 to 100, with two decimals at most'
   where not (p_flag.percentage between 0 and 100 and p_flag.percentage = round(p_flag.percentage, 2))
  union all
  select 'salt', 'salt must have 1 to 100 characters' where length(p_flag.salt) not between 1 and 100
  union all
  select 'off_value', 'off_value must have at most 8,192 bytes' where octet_length(p_flag.off_value::text) > 8192
  union all
  select 'starts_at', 'starts_at must be a moment' where not isfinite(p_flag.starts_at)
  union all
  select 'ends_at', 'ends_at must be a moment after starts_at'
   where not isfinite(p_flag.ends_at) or p_flag.ends_at <= p_flag.starts_at
  union all
  select 'prerequisites', 'prerequisites must be at most 20 different flags'
   where cardinality(p_flag.prerequisites) > 20 or array_position(p_flag.prerequisites, null) is not null
      or cardinality(p_flag.prerequisites) <> (select count(distinct p) from unnest(p_flag.prerequisites) as p)
  union all
  select 'rules', 'rules must be an array of at most 50 objects and 131,072 bytes'
   where jsonb_typeof(p_flag.rules) <> 'array' or jsonb_array_length(p_flag.rules) > 50
      or octet_length(p_flag.rules::text) > 131072
  union all
  select r.name, 'A rule must be an object' from rule r where jsonb_typeof(r.item) <> 'object'
  union all
  select p.name, 'A rule has users, roles, tiers, percentage, enabled, variant and description, and nothing else' from part p
   where p.key not in ('users', 'roles', 'tiers', 'percentage', 'enabled', 'variant', 'description')
  union all
  select p.name, format('%s must be an array of 1 to 1,000 texts', p.key) from part p
   where p.key in ('users', 'roles', 'tiers')
     and not case jsonb_typeof(p.value) when 'array' then jsonb_array_length(p.value) between 1 and 1000 else false end
  union all
  select p.name, 'percentage must be from 0 to 100, with two decimals at most' from part p
   where p.key = 'percentage'
     and not case jsonb_typeof(p.value) when 'number' then p.value::numeric between 0 and 100
                                                       and p.value::numeric = round(p.value::numeric, 2) else false end
  union all
  select p.name, 'enabled must be true or false' from part p where p.key = 'enabled' and jsonb_typeof(p.value) <> 'boolean'
  union all
  select p.name, 'variant must be the name of a variant' from part p
   where p.key = 'variant' and not exists (select from variant v where to_jsonb(v.says) = p.value)
  union all
  select p.name, 'description must be a text of at most 500 characters' from part p
   where p.key = 'description' and (jsonb_typeof(p.value) <> 'string' or length(p.value #>> '{}') > 500)
  union all
  select i.name, 'users must be ids, in lower case' from item i
   where i.key = 'users' and (i.type <> 'string' or i.word !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
  union all
  select i.name, format('There is no role %s', left(i.word, 100)) from item i
   where i.key = 'roles' and not exists (select from auth.roles r where r.name = i.word and i.type = 'string')
  union all
  select i.name, format('There is no tier %s', left(i.word, 100)) from item i
   where i.key = 'tiers' and not exists (select from auth.tiers t where t.name = i.word and i.type = 'string')
  union all
  select 'variants', 'variants must be an array of at most 20 objects' where jsonb_typeof(p_flag.variants) <> 'array'
      or jsonb_array_length(p_flag.variants) > 20
  union all
  select v.name, 'A variant must be an object with name, weight and value, and nothing else' from variant v
   where jsonb_typeof(v.item) <> 'object' or not v.item ?& '{name,weight}' or v.item - '{name,weight,value}'::text[] <> '{}'
  union all
  select v.name || '.name', 'A variant''s name must have 1 to 50 characters: letters, digits, _ and -' from variant v
   where jsonb_typeof(v.item -> 'name') <> 'string' or v.says !~ '^[A-Za-z0-9_-]{1,50}$'
  union all
  select max(v.name) || '.name', format('There are several variants named %s', left(v.says, 50))
    from variant v group by v.says having count(*) > 1
  union all
  select v.name || '.weight', 'weight must be a number from 0 to 10,000' from variant v
   where not case jsonb_typeof(v.item -> 'weight') when 'number' then (v.item ->> 'weight')::numeric between 0 and 10000
                                                   else false end
  union all
  select v.name || '.value', 'value must have at most 8,192 bytes' from variant v
   where octet_length((v.item -> 'value')::text) > 8192
  union all
  select 'variants', 'One of the variants must have a weight'
    from variant v having bool_and(v.item @> '{"weight": 0}')
$$;

comment on function ops.flag_faults(ops.flags) is 'What is wrong with a flag, field by field; no row: nothing';
grant execute on function ops.flag_faults(ops.flags) to plinth_system;

-- A user draws one of 10,000 slots, and variants own slots. No function of the weights alone moves as few users as a
-- change of weights asks for (with three or more variants, up to twice as many would move), so who owns which slot is
-- kept: a variant that shrinks gives its last slots away, one that grows takes what is free, the others keep theirs.
create function ops.flag_slots(p_variants jsonb, p_slots jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with variant as (
    select v.item ->> 'name' as name, v.n,
           10000 * (v.item ->> 'weight')::numeric / sum((v.item ->> 'weight')::numeric) over () as share
      from jsonb_array_elements(p_variants) with ordinality as v (item, n)
  ), sized as (
    -- What rounding leaves goes to those who lost most by it.
    select v.name, v.n,
           floor(v.share) + (row_number() over (order by v.share - floor(v.share) desc, v.n)
                             <= 10000 - sum(floor(v.share)) over ())::integer as size
      from variant v
  ), had as (
    select z.name, z.size, s.slot, row_number() over (partition by z.name order by s.slot) as place
      from sized z
     cross join lateral unnest((p_slots ->> z.name)::int4multirange) as r (slots)
     cross join lateral generate_series(lower(r.slots), upper(r.slots) - 1) as s (slot)
  ), kept as (
    select h.name, h.slot from had h where h.place <= h.size
  ), wanted as (
    select z.name, sum(z.size - k.count) over (order by z.n) - (z.size - k.count) as beyond,
           sum(z.size - k.count) over (order by z.n) as upto
      from sized z
     cross join lateral (select count(*) from kept k where k.name = z.name) k
  ), free as (
    select s.slot, row_number() over (order by s.slot) as place
      from (select generate_series(0, 9999) except select k.slot from kept k) as s (slot)
  ), owned as (
    select k.name, k.slot from kept k
    union all
    select w.name, f.slot from free f join wanted w on f.place > w.beyond and f.place <= w.upto
  )
  select coalesce(jsonb_object_agg(o.name, o.slots), '{}')
    from (select o.name, range_agg(int4range(o.slot, o.slot + 1))::text as slots from owned o group by o.name) o
$$;

comment on function ops.flag_slots(jsonb, jsonb) is
  'Which slots each variant has now, given which it had: as few change hands as the weights ask for';
grant execute on function ops.flag_slots(jsonb, jsonb) to plinth_system;

-- Flags hang together: there are only so many, and their prerequisites form no circle. Whoever adds one, or changes
-- what one hangs on, meets the others on the setting's row. It is written, and not merely locked, so that a transaction
-- that looks at an older state (repeatable read) fails instead of deciding by what it sees.
create function ops.tg_flags__check()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fault record;
  v_other text;
begin
  new.salt := coalesce(new.salt, new.key);
  select f.* into v_fault from ops.flag_faults(new) f limit 1;
  if found then
    perform base.raise('VL001', v_fault.message, v_fault.field);
  end if;
  if (new.variants, new.slots) is distinct from (old.variants, old.slots) then
    new.slots := ops.flag_slots(new.variants, new.slots);
  end if;

  if tg_op = 'UPDATE' then
    if new.key <> old.key then
      perform base.raise('VL001', 'The key of a flag never changes: make another', 'key');
    end if;
    if new.prerequisites = old.prerequisites and (new.archived_at is null) = (old.archived_at is null) then
      return new;
    end if;
  end if;
  update base.settings s set value = s.value where s.name = 'flags.limit';

  if new.archived_at is not null then
    select f.key into v_other from ops.flags f where f.archived_at is null and new.key = any (f.prerequisites) limit 1;
    if found then
      perform base.raise('KC007', format('The flag %s needs it', v_other), 'key');
    end if;
    return new;
  end if;

  if (select count(*) from ops.flags f where f.archived_at is null and f.key <> new.key)
     >= base.setting('flags.limit')::integer
     and not exists (select from ops.flags f where f.key = new.key and f.archived_at is null)
  then
    perform base.raise('KC008', format('There are %s flags already; archive one', base.setting('flags.limit')));
  end if;

  select p.key into v_other from unnest(new.prerequisites) as p (key)
   where p.key <> new.key and not exists (select from ops.flags f where f.key = p.key and f.archived_at is null) limit 1;
  if found then
    perform base.raise('VL001', format('There is no flag %s', left(v_other, 100)), 'prerequisites');
  end if;
  with recursive needed (through, key) as (
    select p.key, p.key from unnest(new.prerequisites) as p (key)
    union
    select n.through, p.key
      from needed n
      join ops.flags f on f.key = n.key and f.key <> new.key
     cross join lateral unnest(f.prerequisites) as p (key)
  )
  select n.through into v_other from needed n where n.key = new.key limit 1;
  if found then
    perform base.raise('VL001', format('prerequisites form a circle: %s needs %s', v_other, new.key), 'prerequisites');
  end if;
  return new;
end
$$;

comment on function ops.tg_flags__check() is
  'Refuses a flag that breaks a rule, one too many, one whose prerequisites form a circle; deals out slots';

-- Who and when are known here; why, and what an undo brings back, come in a setting that counts for one change.
create function ops.tg_flags__record()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_change jsonb := nullif(current_setting('plinth.change', true), '')::jsonb;
begin
  perform set_config('plinth.change', '', true);
  if tg_op = 'UPDATE' and new.version = old.version then
    return null;
  end if;
  insert into ops.flag_history (key, version, valid_from, changed_by, reason, restores, definition)
  values (new.key, new.version, new.updated_at, base.current_user_id(), nullif(btrim(v_change ->> 'reason'), ''),
          (v_change ->> 'restores')::integer, to_jsonb(new));
  return null;
end
$$;

comment on function ops.tg_flags__record() is 'Writes every version into the history, whoever made it';

create trigger _100_check before insert or update on ops.flags
  for each row execute function ops.tg_flags__check();
create trigger _200_touch before update on ops.flags
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _700_record after insert or update on ops.flags
  for each row execute function ops.tg_flags__record();
create trigger _800_audit after insert or update on ops.flags
  for each row execute function ops.tg__audit('key', 'user_id');
create trigger _900_touch_tag after insert or update on ops.flags
  for each row execute function base.tg__touch_tag('flags');
create trigger _100_append_only before update or delete on ops.flag_history
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.flag_history
  for each statement execute function base.tg__append_only();

grant select on ops.flags, ops.flag_history to plinth_system, plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'flags',        'reference', 'the same flags everywhere'),
  ('ops', 'flag_history', 'reference', 'beside its flag');
