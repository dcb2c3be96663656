-- ops and analytics: what is used. One row per call, and rollups that are folded in the same transaction: whatever is
-- late, out of order or sent twice, they equal a recount, and no job can lag behind.
--
-- Whoever is not known has the user id of all zeros, so that each row has its place under its user.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('usage.keep_days',        '90',  'integer', 36, 3650, 'Days single calls are kept; events may come 35 days late'),
  ('usage.keep_metric_days', '400', 'integer', 36, 3650, 'Days the rollups by the hour are kept; those by the day stay');

-- No constraint but the key and no index but its: every call of every route pays for them.
create table ops.api_usage (
  user_id     uuid not null default '00000000-0000-0000-0000-000000000000',
  id          uuid not null default base.new_id(),
  at          timestamptz not null,
  api_key_id  uuid,
  method      text not null,
  route       text not null,
  status      smallint,
  duration_us integer,
  request_id  text,
  cache       text,
  model       text not null default '',
  tokens_in   bigint,
  tokens_out  bigint,
  cost        numeric,
  constraint api_usage_pkey primary key (user_id, id)
) partition by range (id);

comment on table ops.api_usage is
  'One row per call of a route, and one per use of a model that an application reported';
comment on column ops.api_usage.user_id is 'Who called; all zeros: nobody known';
comment on column ops.api_usage.id is 'Ordered by the time of the call, also where it came late';
comment on column ops.api_usage.at is 'When the call was answered, or the model used';
comment on column ops.api_usage.api_key_id is 'The API key it was called by; NULL: a session, or not known';
comment on column ops.api_usage.method is 'HTTP method; (none): no route was found';
comment on column ops.api_usage.route is 'Path of the route; (none): none was found';
comment on column ops.api_usage.status is 'HTTP status; NULL: the use of a model';
comment on column ops.api_usage.duration_us is
  'Microseconds from the head of the request to its answer; NULL: the use of a model';
comment on column ops.api_usage.request_id is 'X-Request-Id of the call';
comment on column ops.api_usage.cache is 'hit, miss or bypass; NULL: a route whose answers are not kept';
comment on column ops.api_usage.model is 'The model that was used; empty: a call';
comment on column ops.api_usage.tokens_in is 'Tokens sent to the model';
comment on column ops.api_usage.tokens_out is 'Tokens the model answered with';
comment on column ops.api_usage.cost is 'What its provider charges, in the currency of the installation';

-- A unique index over partitions would have to hold the time as well; the same event may come with another one.
create table ops.usage_events (
  user_id  uuid not null,
  event_id text not null,
  usage_id uuid not null,
  metadata jsonb not null default '{}',
  constraint usage_events_pkey primary key (user_id, event_id),
  constraint usage_events_event_id_check check (length(event_id) between 1 and 200 and event_id !~ '[[:cntrl:]]'),
  constraint usage_events_metadata_check check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 4000)
);

comment on table ops.usage_events is 'The reports of applications, each counted once however often it comes';
comment on column ops.usage_events.user_id is 'Who reported';
comment on column ops.usage_events.event_id is 'The application''s name for it';
comment on column ops.usage_events.usage_id is 'Its row in ops.api_usage';
comment on column ops.usage_events.metadata is 'What the application wants to remember of it';

create index usage_events_usage_id_idx on ops.usage_events (usage_id);
comment on index ops.usage_events_usage_id_idx is 'For removing them with their rows';

create table ops.usage_batches (
  first_call uuid not null,
  constraint usage_batches_pkey primary key (first_call)
);

comment on table ops.usage_batches is 'What workers told lately, so that a batch that is sent again counts once';
comment on column ops.usage_batches.first_call is 'The id of its first call';

-- Room in each page, so that counting on touches no index.
create table analytics.api_metrics (
  user_id      uuid not null,
  hour         timestamptz not null,
  route        text not null,
  method       text not null,
  status_class smallint not null,
  model        text not null,
  calls        bigint not null,
  tokens_in    bigint not null,
  tokens_out   bigint not null,
  cost         numeric not null,
  duration_us  bigint not null,
  slowest_us   integer not null,
  durations    bigint[] not null,
  constraint api_metrics_pkey primary key (user_id, hour, route, method, status_class, model)
) with (fillfactor = 70);

comment on table analytics.api_metrics is
  'Usage by user, hour, route, class of status, and model; folded with the rows it counts';
comment on column analytics.api_metrics.user_id is 'Who called; all zeros: nobody known';
comment on column analytics.api_metrics.hour is 'Begin of the hour';
comment on column analytics.api_metrics.route is 'Path of the route';
comment on column analytics.api_metrics.method is 'HTTP method';
comment on column analytics.api_metrics.status_class is 'First digit of the status; 0: uses of a model';
comment on column analytics.api_metrics.model is 'The model; empty: calls';
comment on column analytics.api_metrics.calls is 'How many calls, or uses of the model';
comment on column analytics.api_metrics.tokens_in is 'Tokens sent to the model';
comment on column analytics.api_metrics.tokens_out is 'Tokens the model answered with';
comment on column analytics.api_metrics.cost is 'What its provider charges';
comment on column analytics.api_metrics.duration_us is 'Microseconds of all calls together';
comment on column analytics.api_metrics.slowest_us is 'Microseconds of the slowest call';
comment on column analytics.api_metrics.durations is
  'How many calls took how long; analytics.duration_bounds() has the bounds';

create index api_metrics_hour_idx on analytics.api_metrics (hour);
comment on index analytics.api_metrics_hour_idx is 'For everybody''s usage in some hours, and for removing old ones';

create table analytics.daily_stats (
  day          date not null,
  calls        bigint not null,
  errors       bigint not null,
  failures     bigint not null,
  model_uses   bigint not null,
  tokens_in    bigint not null,
  tokens_out   bigint not null,
  cost         numeric not null,
  duration_us  bigint not null,
  active_users bigint not null,
  constraint daily_stats_pkey primary key (day)
) with (fillfactor = 50);

comment on table analytics.daily_stats is 'Usage of everybody by day (UTC)';
comment on column analytics.daily_stats.day is 'The day';
comment on column analytics.daily_stats.calls is 'Calls';
comment on column analytics.daily_stats.errors is 'Of those, answered with a status of 400 or more';
comment on column analytics.daily_stats.failures is 'Of those, answered with a status of 500 or more';
comment on column analytics.daily_stats.model_uses is 'Uses of models that applications reported';
comment on column analytics.daily_stats.tokens_in is 'Tokens sent to models';
comment on column analytics.daily_stats.tokens_out is 'Tokens models answered with';
comment on column analytics.daily_stats.cost is 'What providers charge';
comment on column analytics.daily_stats.duration_us is 'Microseconds of all calls together';
comment on column analytics.daily_stats.active_users is 'How many users called, or reported the use of a model';

create table analytics.daily_users (
  user_id uuid not null,
  day     date not null,
  constraint daily_users_pkey primary key (user_id, day)
);

comment on table analytics.daily_users is
  'Who was active on which day, so that nobody counts twice in analytics.daily_stats';
comment on column analytics.daily_users.user_id is 'The user';
comment on column analytics.daily_users.day is 'The day (UTC)';

create index daily_users_day_idx on analytics.daily_users (day);
comment on index analytics.daily_users_day_idx is 'For removing old ones';

-- As /metrics has them, so that both tell the same story.
create function analytics.duration_bounds()
returns integer[]
language sql
immutable
parallel safe
as $$
  select '{1000,2500,5000,10000,25000,50000,100000,250000,500000,1000000,2500000,5000000,10000000}'::integer[]
$$;

comment on function analytics.duration_bounds() is
  'Upper bounds, in microseconds, of the slots of a histogram of durations; one more slot is for what is slower';
grant execute on function analytics.duration_bounds() to plinth_system;

do $$
declare
  v_table text;
begin
  foreach v_table in array array['ops.api_usage', 'ops.usage_events', 'analytics.api_metrics', 'analytics.daily_users'] loop
    execute format('alter table %s enable row level security', v_table);
    execute format('alter table %s force row level security', v_table);
    execute format('create policy operator_read on %s for select to plinth_operator using (true)', v_table);
  end loop;
end $$;

grant select on ops.api_usage, ops.usage_events, ops.usage_batches, analytics.api_metrics, analytics.daily_stats,
                analytics.daily_users to plinth_operator;

-- Whoever calls reads what is his own; what is counted is written for everybody at once.
create policy own_rows on ops.api_usage for select to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_update on ops.api_usage for update to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on ops.usage_events to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on analytics.api_metrics to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on analytics.daily_users for select to plinth_owner using (user_id = (select base.current_user_id()));

create policy system_read on ops.api_usage for select to plinth_system using (true);
create policy system_insert on ops.api_usage for insert to plinth_system with check (true);
create policy system_delete on ops.api_usage for delete to plinth_system using (true);
create policy system_read on ops.usage_events for select to plinth_system using (true);
create policy system_delete on ops.usage_events for delete to plinth_system using (true);
create policy system_read on analytics.api_metrics for select to plinth_system using (true);
create policy system_insert on analytics.api_metrics for insert to plinth_system with check (true);
create policy system_update on analytics.api_metrics for update to plinth_system using (true);
create policy system_delete on analytics.api_metrics for delete to plinth_system using (true);
create policy system_read on analytics.daily_users for select to plinth_system using (true);
create policy system_insert on analytics.daily_users for insert to plinth_system with check (true);
create policy system_delete on analytics.daily_users for delete to plinth_system using (true);
grant select, insert, delete on ops.api_usage, analytics.daily_users to plinth_system;
grant select, delete on ops.usage_events to plinth_system;
grant select, insert, delete on ops.usage_batches to plinth_system;
grant select, insert, update, delete on analytics.api_metrics to plinth_system;
grant select, insert, update on analytics.daily_stats to plinth_system;

insert into ops.partitioned_tables (name, step, ahead, behind, keep_setting)
values ('ops.api_usage', 'day', 7, 35, 'usage.keep_days');
select ops.make_partition('ops.api_usage', 'api_usage_default', null, null);
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops',       'api_usage',    'by-user', 'what a user used'),
  ('ops',       'usage_events', 'by-user', 'what a user''s application reported'),
  ('ops',       'usage_batches', 'local',  'what workers of this machine told'),
  ('analytics', 'api_metrics',  'by-user', 'what a user used, by the hour'),
  ('analytics', 'daily_users',  'by-user', 'on which days a user was active'),
  ('analytics', 'daily_stats',  'local',   'what was used on this machine; over several, their sum');

-- Of an erased account the rows stay under its id, which leads to nobody any more; so the rollups equal a recount
-- afterwards, too. What the application chose goes: names of requests, of models, and what it said about a use of its
-- own. In the rollups, whose key holds the model, rows become one: core.forget_models.
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral, erased) values
  ('ops',       'api_usage',    'anonymise', '{request_id,model}', '{}', '{method,route,cache}', '{"model": "erased"}'),
  ('ops',       'usage_events', 'delete', '{event_id,metadata}', '{}', '{}', '{}'),
  ('analytics', 'api_metrics',  'anonymise', '{model}', '{}', '{route,method,durations}', '{"model": "erased"}'),
  ('analytics', 'daily_users',  'keep',   '{}', '{}', '{}', '{}');
