-- ops: rate limits and quotas. What users, API keys, addresses and routes may use, and what they used of it.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('limits.requests_per_minute', '60',     'integer', 0, 999999999999, 'Requests a minute of a user of the lowest tier; 0: any'),
  ('limits.requests_per_hour',   '1000',   'integer', 0, 999999999999, 'The same, an hour'),
  ('limits.requests_per_day',    '10000',  'integer', 0, 999999999999, 'The same, a day'),
  ('limits.tokens_per_day',      '100000', 'integer', 0, 999999999999, 'Tokens of models a day, likewise');

insert into auth.permissions (name, description) values
  ('limits:manage', 'See and change the limits of users, tiers and routes');

------------------------------------------------------------------------------------------------------------------
-- Limits: the settings above, or what the environment says instead, times the factor of the tier; for single users,
-- API keys (auth.api_keys.limits) and routes what is said here.
------------------------------------------------------------------------------------------------------------------

create table ops.tier_limits (
  tier       text not null,
  factor     integer not null,
  updated_at timestamptz not null default now(),
  version    integer not null default 1,
  constraint tier_limits_pkey primary key (tier),
  constraint tier_limits_factor_check check (factor between 1 and 1000000)
);

comment on table ops.tier_limits is
  'How many times the usual limits hold for a tier; a tier without a row has them as they are';
comment on column ops.tier_limits.tier is
  'Name in auth.tiers, or anonymous: an address without a token, which may be that of many people';
comment on column ops.tier_limits.factor is 'Times the usual limits';
comment on column ops.tier_limits.updated_at is 'When it was last changed';
comment on column ops.tier_limits.version is 'Grows with every change';

insert into ops.tier_limits (tier, factor) values ('anonymous', 10), ('free', 1), ('pro', 10), ('enterprise', 100);

create table ops.route_limits (
  route               text not null,
  requests_per_minute bigint,
  requests_per_hour   bigint,
  requests_per_day    bigint,
  updated_at          timestamptz not null default now(),
  version             integer not null default 1,
  constraint route_limits_pkey primary key (route),
  constraint route_limits_route_check check (route ~ '^(GET|POST|PUT|PATCH|DELETE) /v1/[a-z0-9/{}_.-]+$'),
  constraint route_limits_requests_per_minute_check check (requests_per_minute between 0 and 999999999999),
  constraint route_limits_requests_per_hour_check check (requests_per_hour between 0 and 999999999999),
  constraint route_limits_requests_per_day_check check (requests_per_day between 0 and 999999999999)
);

comment on table ops.route_limits is
  'What one caller, a user or an address, may use of one route, besides all other limits';
comment on column ops.route_limits.route is 'Method and path, as in http.routes';
comment on column ops.route_limits.requests_per_minute is
  'Requests a minute; NULL or 0: no limit, as where the usual one is 0';
comment on column ops.route_limits.requests_per_hour is 'The same, an hour';
comment on column ops.route_limits.requests_per_day is 'The same, a day';
comment on column ops.route_limits.updated_at is 'When it was last changed';
comment on column ops.route_limits.version is 'Grows with every change';

-- What costs much, writes mail, or is tried by those who guess. Failed sign-ins are counted more closely elsewhere.
insert into ops.route_limits (route, requests_per_minute, requests_per_hour, requests_per_day) values
  ('POST /v1/users',               120, 1000, 5000),
  ('POST /v1/sessions',            300, 5000, null),
  ('POST /v1/password-resets',     30,  200,  1000),
  ('POST /v1/email-verifications', 30,  200,  1000),
  ('POST /v1/usage/bulk',          20,  200,  1000);  -- a thousand rows each

create table ops.user_quotas (
  user_id             uuid not null,
  requests_per_minute bigint,
  requests_per_hour   bigint,
  requests_per_day    bigint,
  tokens_per_day      bigint,
  updated_at          timestamptz not null default now(),
  version             integer not null default 1,
  constraint user_quotas_pkey primary key (user_id),
  constraint user_quotas_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint user_quotas_requests_per_minute_check check (requests_per_minute between 0 and 999999999999),
  constraint user_quotas_requests_per_hour_check check (requests_per_hour between 0 and 999999999999),
  constraint user_quotas_requests_per_day_check check (requests_per_day between 0 and 999999999999),
  constraint user_quotas_tokens_per_day_check check (tokens_per_day between 0 and 999999999999)
);

comment on table ops.user_quotas is 'Limits of single users, in place of those of their tier';
comment on column ops.user_quotas.user_id is 'Whose limits';
comment on column ops.user_quotas.requests_per_minute is 'Requests a minute; NULL: as the tier has it; 0: no limit';
comment on column ops.user_quotas.requests_per_hour is 'The same, an hour';
comment on column ops.user_quotas.requests_per_day is 'The same, a day';
comment on column ops.user_quotas.tokens_per_day is 'Tokens of models a day, likewise';
comment on column ops.user_quotas.updated_at is 'When they were last changed';
comment on column ops.user_quotas.version is 'Grows with every change';

create trigger _100_touch before update on ops.tier_limits
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _100_touch before update on ops.route_limits
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _100_touch before update on ops.user_quotas
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or delete or update on ops.tier_limits
  for each row execute function ops.tg__audit('tier', 'user_id');
create trigger _800_audit after insert or delete or update on ops.route_limits
  for each row execute function ops.tg__audit('route', 'user_id');
create trigger _800_audit after insert or delete or update on ops.user_quotas
  for each row execute function ops.tg__audit('user_id', 'user_id');

------------------------------------------------------------------------------------------------------------------
-- What was used: one row per subject, so that several windows cost one lock and one write. A window is a ring of 62
-- parts, each a sixtieth of it long. What is counted in a part leaves when the 61 after it are over, so that in any
-- span as long as the window, wherever it begins, there is never more than the limit, although the layer may use
-- what it was granted up to a second later.
------------------------------------------------------------------------------------------------------------------

create type ops.rate_window as (head bigint, total bigint, counts bigint[]);

comment on type ops.rate_window is
  'What was counted within one window: number of its newest part since 1970, sum of all, and each part by number modulo 62';

create table ops.rate_limit_tracking (
  subject         text not null,
  user_id         uuid,
  requests_minute ops.rate_window,
  requests_hour   ops.rate_window,
  requests_day    ops.rate_window,
  tokens_day      ops.rate_window,
  last_used_on    date not null default current_date,
  constraint rate_limit_tracking_pkey primary key (subject),
  constraint rate_limit_tracking_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint rate_limit_tracking_subject_check check (subject ~ '^(user|key|address|route):')
) with (fillfactor = 50);

comment on table ops.rate_limit_tracking is
  'What was used within the last minute, hour and day; gone a day after the last use';
comment on column ops.rate_limit_tracking.subject is
  'user:<id>, key:<id>, address:<address or IPv6 /64>, or route:<one of these>:<route>';
comment on column ops.rate_limit_tracking.user_id is 'The user it is about; NULL: an address';
comment on column ops.rate_limit_tracking.requests_minute is 'Requests within a minute, in parts of a second';
comment on column ops.rate_limit_tracking.requests_hour is 'Requests within an hour, in parts of a minute';
comment on column ops.rate_limit_tracking.requests_day is 'Requests within a day, in parts of 24 minutes';
comment on column ops.rate_limit_tracking.tokens_day is 'Tokens of models within a day, in parts of 24 minutes';
comment on column ops.rate_limit_tracking.last_used_on is
  'Day of the last use: a day and not a moment, so that an index on it is written once a day';

create index rate_limit_tracking_user_id_idx on ops.rate_limit_tracking (user_id, subject);
comment on index ops.rate_limit_tracking_user_id_idx is 'For the foreign key, and the quotas and the export of a user';
create index rate_limit_tracking_last_used_on_idx on ops.rate_limit_tracking (last_used_on);
comment on index ops.rate_limit_tracking_last_used_on_idx is 'For core.cleanup_rate_limits';

------------------------------------------------------------------------------------------------------------------
-- Row policies. The layer asks before there is a caller, by token or address; a user sees what is his.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['user_quotas', 'rate_limit_tracking'] loop
    execute format('alter table ops.%I enable row level security', v_table);
    execute format('alter table ops.%I force row level security', v_table);
    execute format('create policy own_rows on ops.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('create policy operator_read on ops.%I for select to plinth_operator using (true)', v_table);
    execute format('create policy system_read on ops.%I for select to plinth_system using (true)', v_table);
    execute format('create policy system_insert on ops.%I for insert to plinth_system with check (true)', v_table);
    execute format('create policy system_update on ops.%I for update to plinth_system using (true)', v_table);
    execute format('create policy system_delete on ops.%I for delete to plinth_system using (true)', v_table);
    execute format('grant select, insert, update, delete on ops.%I to plinth_system', v_table);
    execute format('grant select on ops.%I to plinth_operator', v_table);
  end loop;
end $$;

grant select on ops.tier_limits, ops.route_limits to plinth_system, plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'tier_limits',         'reference', 'the same factors everywhere'),
  ('ops', 'route_limits',        'reference', 'the same limits everywhere'),
  ('ops', 'user_quotas',         'by-user',   'limits are where the user is'),
  ('ops', 'rate_limit_tracking', 'local',     'each machine counts what it is asked; a user asks the one he is on');

-- Addresses stand there as they are, and not as digests: who floods has to be found. They are gone after a day.
insert into base.table_privacy (schema_name, table_name, hidden, neutral) values
  ('ops', 'user_quotas',         '{}', '{}'),
  ('ops', 'rate_limit_tracking', '{requests_minute,requests_hour,requests_day,tokens_day}', '{subject}');
