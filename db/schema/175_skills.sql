-- chat: skills, the runs of their functions, and plans. Plinth runs nothing: an application registers what its models
-- may call, asks before each run whether the arguments are right, and says how it ended. What it may not say (that a
-- run that failed succeeded, that a cancelled plan goes on) is refused here, whoever writes.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('skills.limit',              '2000', 'integer', 1,  100000, 'Versions of skills, all together'),
  ('plans.step_limit',          '200',  'integer', 1,  2000,   'Steps of a plan'),
  ('executions.keep_days',      '180',  'integer', 30, 3650,   'Days single runs of skills are kept'),
  ('executions.keep_stat_days', '400',  'integer', 30, 3650,
   'Days a user''s statistics of skills are kept; those of everybody together stay');

insert into auth.permissions (name, description) values
  ('skills:manage', 'Register skills, change them, switch them on and off');

------------------------------------------------------------------------------------------------------------------
-- Skills.
------------------------------------------------------------------------------------------------------------------

create table chat.skills (
  name            text not null,
  version         text not null,
  description     text not null,
  parameters      jsonb not null default '{"type": "object"}',
  enabled         boolean not null default true,
  current         boolean not null default false,
  timeout_seconds integer not null default 300,
  tags            text[] not null default '{}',
  metadata        jsonb not null default '{}',
  created_at      timestamptz not null default clock_timestamp(),
  updated_at      timestamptz not null default clock_timestamp(),
  revision        integer not null default 1,
  constraint skills_pkey primary key (name, version),
  constraint skills_name_check check (name ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$'),
  constraint skills_version_check check (length(version) <= 100 and version ~
    '^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$'),
  constraint skills_description_check check (length(description) between 1 and 2000),
  constraint skills_parameters_check
    check (jsonb_typeof(parameters) = 'object' and octet_length(parameters::text) <= 65536),
  constraint skills_timeout_seconds_check check (timeout_seconds between 1 and 86400),
  constraint skills_tags_check check (cardinality(tags) <= 50 and length(array_to_string(tags, ',', ',')) <= 4000),
  constraint skills_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384)
);

comment on table chat.skills is 'What models may call: every version of every skill; none is ever removed';
comment on column chat.skills.name is 'Name, as models are told it';
comment on column chat.skills.version is 'Semantic version; with the name, what a run was checked against';
comment on column chat.skills.description is 'What it does, as models are told it';
comment on column chat.skills.parameters is
  'JSON Schema of the arguments; never changes: another one is another version';
comment on column chat.skills.enabled is 'Whether this version may be run';
comment on column chat.skills.current is
  'Whether this is the version that is run where none is named; one of each name';
comment on column chat.skills.timeout_seconds is 'How long a run may take where it does not say itself';
comment on column chat.skills.tags is 'Words to find it by';
comment on column chat.skills.metadata is 'What the application wants to remember of it';
comment on column chat.skills.created_at is 'When this version was registered';
comment on column chat.skills.updated_at is 'When it last changed';
comment on column chat.skills.revision is
  'Grows with every change; for optimistic updates, since version means another thing here';

create unique index skills_current_idx on chat.skills (name) where current;
comment on index chat.skills_current_idx is 'One current version of each name';
create index skills_metadata_idx on chat.skills using gin (metadata jsonb_path_ops);
comment on index chat.skills_metadata_idx is 'For skills whose metadata hold something';

create function chat.tg_skills__touch()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.name, new.version, new.parameters) is distinct from (old.name, old.version, old.parameters) then
    perform base.raise('KC004', 'A version that is registered keeps its name and its parameters: register another',
                       'parameters');
  end if;
  new.updated_at := greatest(clock_timestamp(), old.updated_at);
  new.revision := old.revision + 1;
  return new;
end
$$;

comment on function chat.tg_skills__touch() is
  'Keeps updated_at and revision, and refuses other parameters: runs were checked against these';

create trigger _200_touch before update on chat.skills
  for each row when (old.* is distinct from new.*) execute function chat.tg_skills__touch();
create trigger _100_append_only before delete on chat.skills
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on chat.skills
  for each statement execute function base.tg__append_only();
create trigger _800_audit after insert or update on chat.skills
  for each row execute function ops.tg__audit('name', 'user_id');
create trigger _900_touch_tag after insert or update on chat.skills
  for each row execute function base.tg__touch_tag('skills');

grant select on chat.skills to plinth_system, plinth_operator;

------------------------------------------------------------------------------------------------------------------
-- What may become what. Whoever writes, a wrong step is refused and both states are named.
------------------------------------------------------------------------------------------------------------------

create function chat.tg__status()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if old.status || '>' || new.status <> all (tg_argv[1]::text[]) then
    perform base.raise('KC004', format('The %s is %s and cannot become %s', tg_argv[0], old.status, new.status), 'status');
  end if;
  return new;
end
$$;

comment on function chat.tg__status() is
  'Arguments: what it is, array of from>to. Refuses a change of status that is not among them, and names both states';

------------------------------------------------------------------------------------------------------------------
-- Plans.
------------------------------------------------------------------------------------------------------------------

create table chat.planner_executions (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  goal            text not null,
  status          text not null default 'draft',
  conversation_id uuid,
  metadata        jsonb not null default '{}',
  created_at      timestamptz not null default clock_timestamp(),
  started_at      timestamptz,
  finished_at     timestamptz,
  updated_at      timestamptz not null default clock_timestamp(),
  version         integer not null default 1,
  constraint planner_executions_pkey primary key (user_id, id),
  constraint planner_executions_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint planner_executions_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade,
  constraint planner_executions_goal_check check (length(goal) between 1 and 4000),
  constraint planner_executions_status_check check (status in ('draft', 'running', 'succeeded', 'failed', 'cancelled')),
  constraint planner_executions_metadata_check
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint planner_executions_started_at_check check (status in ('draft', 'cancelled') or started_at is not null),
  constraint planner_executions_finished_at_check
    check ((finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled')))
);

comment on table chat.planner_executions is 'Plans: a goal and how far it is; the steps are in chat.planner_steps';
comment on column chat.planner_executions.user_id is 'Whose plan it is';
comment on column chat.planner_executions.id is 'Ordered by time';
comment on column chat.planner_executions.goal is 'What it is for';
comment on column chat.planner_executions.status is
  'draft > running > succeeded, failed or cancelled; running ends when the steps do';
comment on column chat.planner_executions.conversation_id is 'The conversation it belongs to; it goes with it';
comment on column chat.planner_executions.metadata is 'What the application wants to remember of it';
comment on column chat.planner_executions.created_at is 'When it was made';
comment on column chat.planner_executions.started_at is 'When it was started';
comment on column chat.planner_executions.finished_at is 'When it ended';
comment on column chat.planner_executions.updated_at is 'When it last changed';
comment on column chat.planner_executions.version is 'Grows with every change of its status or content';

create index planner_executions_status_idx on chat.planner_executions (user_id, status, id);
comment on index chat.planner_executions_status_idx is 'For plans of one status, and for those that have work to give';
create index planner_executions_conversation_id_idx on chat.planner_executions (user_id, conversation_id, id);
comment on index chat.planner_executions_conversation_id_idx is 'For the plans of a conversation, and the foreign key';

create trigger _100_status before update of status on chat.planner_executions
  for each row when (old.status <> new.status) execute function chat.tg__status('plan',
    '{draft>running,draft>cancelled,running>succeeded,running>failed,running>cancelled}');
create trigger _200_touch before update on chat.planner_executions
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();

-- A step needs steps with smaller numbers only, so there can be no circle.
create table chat.planner_steps (
  user_id         uuid not null,
  plan_id         uuid not null,
  step            integer not null,
  name            text not null,
  skill_name      text not null,
  skill_version   text not null,
  arguments       jsonb not null default '{}',
  needs           integer[] not null default '{}',
  status          text not null default 'pending',
  attempts        integer not null default 0,
  max_attempts    integer not null default 1,
  timeout_seconds integer,
  execution_id    uuid,
  result          jsonb,
  error_kind      text,
  error_message   text,
  started_at      timestamptz,
  finished_at     timestamptz,
  constraint planner_steps_pkey primary key (user_id, plan_id, step),
  constraint planner_steps_name_key unique (user_id, plan_id, name),
  constraint planner_steps_plan_id_fkey foreign key (user_id, plan_id)
    references chat.planner_executions (user_id, id) on delete cascade,
  constraint planner_steps_skill_name_fkey foreign key (skill_name, skill_version)
    references chat.skills (name, version) on delete restrict,
  constraint planner_steps_step_check check (step > 0),
  constraint planner_steps_name_check check (name ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$'),
  constraint planner_steps_arguments_check
    check (jsonb_typeof(arguments) = 'object' and octet_length(arguments::text) <= 131072),
  constraint planner_steps_needs_check check (0 < all (needs) and step > all (needs) and cardinality(needs) < step),
  constraint planner_steps_status_check
    check (status in ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped')),
  constraint planner_steps_attempts_check check (attempts between 0 and max_attempts),
  constraint planner_steps_max_attempts_check check (max_attempts between 1 and 20),
  constraint planner_steps_timeout_seconds_check check (timeout_seconds between 1 and 86400),
  constraint planner_steps_result_check check (octet_length(result::text) <= 1048576),
  constraint planner_steps_error_kind_check check (error_kind ~ '^[A-Za-z][A-Za-z0-9_.:-]{0,99}$'),
  constraint planner_steps_error_message_check check (length(error_message) <= 8000)
);

comment on table chat.planner_steps is 'The steps of plans, each the run of a skill; steps wait for those they need';
comment on column chat.planner_steps.user_id is 'Whose plan it is';
comment on column chat.planner_steps.plan_id is 'The plan';
comment on column chat.planner_steps.step is 'Its place in the plan, from 1, without gaps';
comment on column chat.planner_steps.name is 'Its name in the plan';
comment on column chat.planner_steps.skill_name is 'The skill it runs';
comment on column chat.planner_steps.skill_version is 'The version of it, fixed when the step was made';
comment on column chat.planner_steps.arguments is
  'The arguments; {"$result": "<step>", "pointer": "/<part>"} stands for (a part of) the result of a step it needs';
comment on column chat.planner_steps.needs is
  'Numbers of the steps that have to succeed before; all of them are smaller';
comment on column chat.planner_steps.status is
  'pending > running > succeeded, failed or cancelled; skipped: what it needs failed; running > pending: it is tried again';
comment on column chat.planner_steps.attempts is 'How often it was started';
comment on column chat.planner_steps.max_attempts is 'How often it may be started until one of its runs succeeds';
comment on column chat.planner_steps.timeout_seconds is 'How long a run may take; NULL: as long as the skill says';
comment on column chat.planner_steps.execution_id is
  'Its last run in chat.function_executions, which may be dropped before the plan';
comment on column chat.planner_steps.result is 'What its run gave';
comment on column chat.planner_steps.error_kind is 'How its last run failed';
comment on column chat.planner_steps.error_message is 'The same in words';
comment on column chat.planner_steps.started_at is 'When its last run began';
comment on column chat.planner_steps.finished_at is 'When it ended';

create index planner_steps_skill_name_idx on chat.planner_steps (skill_name, skill_version);
comment on index chat.planner_steps_skill_name_idx is 'For the foreign key';

create trigger _100_status before update of status on chat.planner_steps
  for each row when (old.status <> new.status) execute function chat.tg__status('step',
    '{pending>running,pending>failed,pending>cancelled,pending>skipped,'
    'running>succeeded,running>failed,running>cancelled,running>pending}');

------------------------------------------------------------------------------------------------------------------
-- Runs. Partitioned by month, as all that grows with time. No reference to the skill, which is never removed: its index
-- would be as long as the log; and none from steps, because partitions expire.
------------------------------------------------------------------------------------------------------------------

create table chat.function_executions (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  skill_name      text not null,
  skill_version   text not null,
  status          text not null default 'running',
  conversation_id uuid,
  message_id      uuid,
  plan_id         uuid,
  step            integer,
  attempt         integer not null default 1,
  arguments       jsonb not null default '{}',
  result          jsonb,
  error_kind      text,
  error_message   text,
  started_at      timestamptz not null default clock_timestamp(),
  expires_at      timestamptz not null,
  finished_at     timestamptz,
  duration_us     bigint generated always as ((extract(epoch from finished_at - started_at) * 1000000)::bigint) stored,
  constraint function_executions_pkey primary key (user_id, id),
  constraint function_executions_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint function_executions_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete set null (conversation_id),
  constraint function_executions_step_fkey foreign key (user_id, plan_id, step)
    references chat.planner_steps (user_id, plan_id, step) on delete set null (plan_id, step),
  constraint function_executions_status_check
    check (status in ('running', 'succeeded', 'failed', 'cancelled', 'timed_out')),
  constraint function_executions_step_check check ((plan_id is null) = (step is null)),
  constraint function_executions_attempt_check check (attempt between 1 and 100),
  constraint function_executions_arguments_check
    check (jsonb_typeof(arguments) = 'object' and octet_length(arguments::text) <= 131072),
  constraint function_executions_result_check check (status = 'succeeded' or result is null),
  constraint function_executions_result_size_check check (octet_length(result::text) <= 1048576),
  constraint function_executions_error_kind_check check (
    error_kind is null or error_kind ~ '^[A-Za-z][A-Za-z0-9_.:-]{0,99}$' and status in ('failed', 'timed_out', 'cancelled')),
  constraint function_executions_error_message_check check (length(error_message) <= 8000),
  constraint function_executions_finished_at_check check (
    (finished_at is null) = (status = 'running') and finished_at >= started_at)
) partition by range (id);

comment on table chat.function_executions is 'Runs of skills: what was asked, how long it took, and what came of it';
comment on column chat.function_executions.user_id is 'For whom it ran';
comment on column chat.function_executions.id is 'Ordered by time';
comment on column chat.function_executions.skill_name is 'The skill';
comment on column chat.function_executions.skill_version is
  'The version whose parameters the arguments were checked against';
comment on column chat.function_executions.status is 'running > succeeded, failed, cancelled or timed_out';
comment on column chat.function_executions.conversation_id is
  'The conversation it ran for; when that is erased, arguments, result and words of the error go with it';
comment on column chat.function_executions.message_id is 'The message that asked for it, which may be gone before';
comment on column chat.function_executions.plan_id is 'The plan it is a step of';
comment on column chat.function_executions.step is 'The step';
comment on column chat.function_executions.attempt is 'Which attempt it is, from 1';
comment on column chat.function_executions.arguments is 'The arguments, checked against the skill''s parameters';
comment on column chat.function_executions.result is 'What it gave; NULL unless it succeeded';
comment on column chat.function_executions.error_kind is 'How it failed, in one word, such as rate_limited';
comment on column chat.function_executions.error_message is 'The same in words';
comment on column chat.function_executions.started_at is 'When it began, by the clock of the database';
comment on column chat.function_executions.expires_at is 'When it counts as timed out if it is still running';
comment on column chat.function_executions.finished_at is 'When it ended, by the same clock';
comment on column chat.function_executions.duration_us is 'Microseconds from one to the other';

create index function_executions_skill_name_idx on chat.function_executions (user_id, skill_name, id);
comment on index chat.function_executions_skill_name_idx is 'For the runs of one skill, newest first';
create index function_executions_status_idx on chat.function_executions (user_id, status, id) where status <> 'succeeded';
comment on index chat.function_executions_status_idx is 'For runs that did not go well, or not yet; most did';
create index function_executions_conversation_id_idx on chat.function_executions (user_id, conversation_id, id);
comment on index chat.function_executions_conversation_id_idx is 'For the runs of a conversation, and the foreign key';
create index function_executions_step_idx on chat.function_executions (user_id, plan_id, step, id);
comment on index chat.function_executions_step_idx is 'For the runs of a plan, and the foreign key';
create index function_executions_expires_at_idx on chat.function_executions (expires_at) where status = 'running';
comment on index chat.function_executions_expires_at_idx is 'For core.time_out_executions';

-- Numbers stay, so that statistics equal a recount; what was said goes with the conversation.
create function chat.tg_function_executions__forget()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.message_id := null;
  new.arguments := '{}';
  new.result := null;
  new.error_message := null;
  return new;
end
$$;

comment on function chat.tg_function_executions__forget() is 'Empties a run whose conversation is erased';

create trigger _050_forget before update of conversation_id on chat.function_executions
  for each row when (old.conversation_id is not null and new.conversation_id is null)
  execute function chat.tg_function_executions__forget();
create trigger _100_status before update of status on chat.function_executions
  for each row when (old.status <> new.status) execute function chat.tg__status('execution',
    '{running>succeeded,running>failed,running>cancelled,running>timed_out}');

------------------------------------------------------------------------------------------------------------------
-- Statistics. What ended is noted in a queue, in the same transaction, and folded into sums by a job; whoever reads
-- adds what still waits. So no two that end at once wait for each other on a row of sums, and nothing is late or lost.
-- A row of sums is one slot of a histogram, with its bounds: histograms add up and percentiles do not, and bounds may
-- change.
------------------------------------------------------------------------------------------------------------------

create table chat.unfolded_executions (
  user_id       uuid not null,
  execution_id  uuid not null,
  day           date not null,
  skill_name    text not null,
  skill_version text not null,
  status        text not null,
  duration_us   bigint not null,
  from_us       bigint not null,
  below_us      bigint,
  error_kind    text,
  finished_at   timestamptz not null,
  constraint unfolded_executions_pkey primary key (user_id, execution_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);  -- whoever counts reads it whole

comment on table chat.unfolded_executions is 'Runs that ended and are not in the sums yet: those of the last seconds';
comment on column chat.unfolded_executions.user_id is 'For whom it ran';
comment on column chat.unfolded_executions.execution_id is 'The run';
comment on column chat.unfolded_executions.day is 'The day it ended (UTC)';
comment on column chat.unfolded_executions.skill_name is 'The skill';
comment on column chat.unfolded_executions.skill_version is 'The version';
comment on column chat.unfolded_executions.status is 'How it ended';
comment on column chat.unfolded_executions.duration_us is 'How many microseconds it took';
comment on column chat.unfolded_executions.from_us is
  'The slot of chat.duration_bounds() that this falls in: from so many';
comment on column chat.unfolded_executions.below_us is 'To below so many; NULL: there is no end';
comment on column chat.unfolded_executions.error_kind is 'How it failed';
comment on column chat.unfolded_executions.finished_at is 'When it ended';

create table chat.user_skill_stats (
  user_id          uuid not null,
  day              date not null,
  skill_name       text not null,
  skill_version    text not null,
  status           text not null,
  from_us          bigint not null,
  below_us         bigint,
  runs             bigint not null,
  duration_us      numeric not null,
  slowest_us       bigint not null,
  last_error_kind  text,
  last_finished_at timestamptz not null,
  constraint user_skill_stats_pkey primary key (user_id, day, skill_name, skill_version, status, from_us)
) with (fillfactor = 80);

comment on table chat.user_skill_stats is
  'Runs of skills by user, day, version, how they ended, and how long they took';
comment on column chat.user_skill_stats.user_id is 'For whom they ran';
comment on column chat.user_skill_stats.day is 'The day they ended (UTC)';
comment on column chat.user_skill_stats.skill_name is 'The skill';
comment on column chat.user_skill_stats.skill_version is 'The version';
comment on column chat.user_skill_stats.status is 'How they ended';
comment on column chat.user_skill_stats.from_us is
  'The slot of a histogram that they are in: they took from so many microseconds';
comment on column chat.user_skill_stats.below_us is 'To below so many; NULL: there is no end';
comment on column chat.user_skill_stats.runs is 'How many';
comment on column chat.user_skill_stats.duration_us is 'Microseconds of all together';
comment on column chat.user_skill_stats.slowest_us is 'Microseconds of the slowest';
comment on column chat.user_skill_stats.last_error_kind is 'How the last of them failed';
comment on column chat.user_skill_stats.last_finished_at is 'When the last of them ended';

create index user_skill_stats_day_idx on chat.user_skill_stats (day);
comment on index chat.user_skill_stats_day_idx is 'For removing old ones';

create table chat.skill_stats (
  day              date not null,
  skill_name       text not null,
  skill_version    text not null,
  status           text not null,
  from_us          bigint not null,
  below_us         bigint,
  runs             bigint not null,
  duration_us      numeric not null,
  slowest_us       bigint not null,
  last_error_kind  text,
  last_finished_at timestamptz not null,
  constraint skill_stats_pkey primary key (day, skill_name, skill_version, status, from_us)
) with (fillfactor = 80);

comment on table chat.skill_stats is 'The same of everybody together';
comment on column chat.skill_stats.day is 'The day they ended (UTC)';
comment on column chat.skill_stats.skill_name is 'The skill';
comment on column chat.skill_stats.skill_version is 'The version';
comment on column chat.skill_stats.status is 'How they ended';
comment on column chat.skill_stats.from_us is
  'The slot of a histogram that they are in: they took from so many microseconds';
comment on column chat.skill_stats.below_us is 'To below so many; NULL: there is no end';
comment on column chat.skill_stats.runs is 'How many';
comment on column chat.skill_stats.duration_us is 'Microseconds of all together';
comment on column chat.skill_stats.slowest_us is 'Microseconds of the slowest';
comment on column chat.skill_stats.last_error_kind is 'How the last of them failed';
comment on column chat.skill_stats.last_finished_at is 'When the last of them ended';

create function chat.duration_bounds()
returns bigint[]
language sql
immutable
parallel safe
as $$
  select '{1000,2000,5000,10000,20000,50000,100000,200000,350000,500000,750000,1000000,1500000,2000000,3000000,5000000,
           7500000,10000000,15000000,20000000,30000000,60000000,120000000,300000000,600000000,1800000000}'::bigint[]
$$;

comment on function chat.duration_bounds() is
  'Upper bounds, in microseconds, of the slots that runs of skills are counted in; one more is for what is slower';
grant execute on function chat.duration_bounds() to plinth_system;

create function chat.tg_function_executions__note()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bounds bigint[] := chat.duration_bounds();
  v_slot   integer := width_bucket(new.duration_us, v_bounds);
begin
  insert into chat.unfolded_executions
    (user_id, execution_id, day, skill_name, skill_version, status, duration_us, from_us, below_us, error_kind, finished_at)
  values (new.user_id, new.id, (new.finished_at at time zone 'UTC')::date, new.skill_name, new.skill_version, new.status,
          new.duration_us, coalesce(v_bounds[v_slot], 0), v_bounds[v_slot + 1], new.error_kind, new.finished_at);
  return null;
end
$$;

comment on function chat.tg_function_executions__note() is
  'Notes each run that ended, whoever wrote it, for the statistics';

-- A name the application chose outlives nobody: when an erasure empties a user's rows, what the sums of everybody have
-- from there goes, too.
create function chat.tg_user_skill_stats__forget_error()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Locked in the order of their keys, as core.fold_executions does.
  with forgotten as (
    select s.day, s.skill_name, s.skill_version, s.status, s.from_us
      from named n
      join unnamed u using (user_id, day, skill_name, skill_version, status, from_us)
      join chat.skill_stats s using (day, skill_name, skill_version, status, from_us)
     where n.last_error_kind = s.last_error_kind and n.last_finished_at = s.last_finished_at and u.last_error_kind is null
     order by 1, 2, 3, 4, 5
       for update of s
  )
  update chat.skill_stats s set last_error_kind = null
    from forgotten f
   where (s.day, s.skill_name, s.skill_version, s.status, s.from_us)
       = (f.day, f.skill_name, f.skill_version, f.status, f.from_us);
  return null;
end
$$;

comment on function chat.tg_user_skill_stats__forget_error() is
  'Takes out of the sums of everybody how a last run failed whose user forgets it';

create trigger _100_forget_error after update on chat.user_skill_stats
  referencing old table as named new table as unnamed
  for each statement execute function chat.tg_user_skill_stats__forget_error();

create trigger _700_note after insert on chat.function_executions
  for each row when (new.status <> 'running') execute function chat.tg_function_executions__note();
create trigger _710_note after update of status on chat.function_executions
  for each row when (old.status <> new.status) execute function chat.tg_function_executions__note();

------------------------------------------------------------------------------------------------------------------
-- Whose rows are whose.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['planner_executions', 'planner_steps', 'function_executions', 'unfolded_executions',
                                 'user_skill_stats'] loop
    execute format('alter table chat.%I enable row level security', v_table);
    execute format('alter table chat.%I force row level security', v_table);
    execute format('create policy own_rows on chat.%I %s to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table, case when v_table in ('unfolded_executions', 'user_skill_stats') then 'for select' else '' end);
    if v_table in ('unfolded_executions', 'user_skill_stats') then
      execute format('create policy own_update on chat.%I for update to plinth_owner '
                     'using (user_id = (select base.current_user_id()))', v_table);
    end if;
    execute format('create policy operator_read on chat.%I for select to plinth_operator using (true)', v_table);
    execute format('create policy system_read on chat.%I for select to plinth_system using (true)', v_table);
    execute format('grant select on chat.%I to plinth_operator, plinth_system', v_table);
  end loop;
end $$;

-- What runs past its time-out is ended by a job, whoever it is; its step and its plan with it.
create policy system_update on chat.function_executions for update to plinth_system using (true);
create policy system_update on chat.planner_steps for update to plinth_system using (true);
create policy system_update on chat.planner_executions for update to plinth_system using (true);
-- So are plans removed whose conversation is erased.
create policy system_delete on chat.planner_executions for delete to plinth_system using (true);
create policy system_insert on chat.unfolded_executions for insert to plinth_system with check (true);
create policy system_delete on chat.unfolded_executions for delete to plinth_system using (true);
create policy system_insert on chat.user_skill_stats for insert to plinth_system with check (true);
create policy system_update on chat.user_skill_stats for update to plinth_system using (true);
create policy system_delete on chat.user_skill_stats for delete to plinth_system using (true);
grant update on chat.function_executions, chat.planner_steps, chat.planner_executions to plinth_system;
grant delete on chat.planner_executions to plinth_system;
grant insert, delete on chat.unfolded_executions to plinth_system;
grant insert, update, delete on chat.user_skill_stats to plinth_system;
grant select, insert, update on chat.skill_stats to plinth_system;
grant select on chat.skill_stats to plinth_operator;

grant create on schema chat to plinth_system;
alter function chat.tg_function_executions__note() owner to plinth_system;
revoke create on schema chat from plinth_system;
-- Every new partition gets the trigger, and whoever makes one must be allowed to execute its function.
set local role plinth_system;
grant execute on function chat.tg_function_executions__note() to plinth_owner;
set local role plinth_owner;

insert into ops.partitioned_tables (name, step, ahead, behind, keep_setting)
values ('chat.function_executions', 'month', 3, 1, 'executions.keep_days');
select ops.make_partition('chat.function_executions', 'function_executions_default', null, null);
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('chat', 'skills',              'reference', 'the same skills everywhere'),
  ('chat', 'planner_executions',  'by-user',   'what a user''s agent is about'),
  ('chat', 'planner_steps',       'by-user',   'beside its plan'),
  ('chat', 'function_executions', 'by-user',   'what ran for a user'),
  ('chat', 'unfolded_executions', 'by-user',   'beside the run'),
  ('chat', 'user_skill_stats',    'by-user',   'what ran for a user, by the day'),
  ('chat', 'skill_stats',         'local',     'what ran on this machine; over several, their sum');

-- Of an erased account runs stay as numbers, so that statistics equal a recount afterwards, too.
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral, erased) values
  ('chat', 'planner_executions', 'delete', '{goal,metadata}', '{}', '{status}', '{}'),
  ('chat', 'planner_steps', 'delete', '{arguments,result,error_message}', '{}',
   '{name,skill_name,skill_version,needs,status,error_kind}', '{}'),
  ('chat', 'function_executions', 'anonymise', '{arguments,result,error_kind,error_message}', '{}',
   '{skill_name,skill_version,status}', '{"arguments": "{}"}'),
  ('chat', 'unfolded_executions', 'anonymise', '{error_kind}', '{}', '{skill_name,skill_version,status}', '{}'),
  ('chat', 'user_skill_stats', 'anonymise', '{last_error_kind}', '{}', '{skill_name,skill_version,status}', '{}');
