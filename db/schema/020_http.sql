-- http: what the layer needs to know. The registry is data: the layer builds its routes from it, OpenAPI is made from
-- it, and select * from http.routes answers the question "what can be called".

create table http.routes (
  method        text not null,
  path          text not null,
  function_name text not null,
  auth          text not null,
  permission    text,
  status        integer not null,
  result        text not null,
  lane          text not null,
  once          text not null default 'never',
  cache_seconds integer,
  cache_tags    text[] not null default '{}',
  cache_scope   text generated always as (
    case when cache_seconds is not null then case auth when 'none' then 'public' else 'private' end end) stored,
  replica       boolean not null default false,
  cost          integer not null default 1,
  lines         text,
  file          text not null,
  constraint routes_pkey primary key (path, method),
  constraint routes_method_check check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  constraint routes_path_check check (path ~ '^/v1/[a-z0-9/{}_.-]+$'),
  constraint routes_function_name_check check (function_name ~ '^api\.[a-z][a-z0-9_]*$'),
  constraint routes_auth_check check (auth in ('none', 'user', 'session', 'step_up')),
  constraint routes_permission_check check (permission is null or auth <> 'none'),
  constraint routes_result_check check (result in ('one', 'list', 'value', 'none', 'qr', 'stream')),
  constraint routes_lane_check check (lane in ('read', 'write', 'slow', 'hash')),
  constraint routes_once_check check (once in ('never', 'may', 'must') and (once = 'never' or method <> 'GET' and lane <> 'read')),
  constraint routes_cost_check check (cost between 1 and 1000),
  constraint routes_cache_check check (
    cache_seconds is null or (method = 'GET' and lane = 'read' and auth in ('none', 'user'))),
  constraint routes_stream_check check (result <> 'stream' or (lane = 'slow' and status = 200)),
  constraint routes_lines_check check (lines is null or (method = 'POST' and once = 'never' and result = 'one')),
  -- A copy made from a replica would be kept as if it were of now; what asks for a session is about credentials.
  constraint routes_replica_check check (not replica or (lane = 'read' and auth = 'user' and cache_seconds is null))
);

comment on table http.routes is
  'Every route: what is called, by whom, in which lane, and how long the answer may be kept';
comment on column http.routes.method is 'HTTP method';
comment on column http.routes.path is 'Path; {name} is the argument p_name';
comment on column http.routes.function_name is 'The function that answers';
comment on column http.routes.auth is
  'none: anyone; user: a signed-in caller; session: one with a session; step_up: one who has just shown who it is';
comment on column http.routes.permission is 'Permission the caller needs besides';
comment on column http.routes.status is 'Status of a successful answer';
comment on column http.routes.result is
  'one: object; list: items and next; value: {"value"}; none: 204; qr: a picture; stream: a JSON text a line';
comment on column http.routes.lane is
  'read and write: short calls on shared connections; slow and hash: a connection to itself';
comment on column http.routes.once is
  'Whether a call may bring, or must bring, a key under which it happens once: the header Idempotency-Key';
comment on column http.routes.cache_seconds is 'How long an answer may be kept; NULL: not at all';
comment on column http.routes.cache_tags is
  'What the answer depends on; a write that touches one of them makes it void';
comment on column http.routes.cache_scope is
  'For whom an answer is kept: public, one copy for all; private, one for each token';
comment on column http.routes.replica is 'Whether a replica may answer, where there is one';
comment on column http.routes.cost is 'Units of its caller''s limits that a call uses';
comment on column http.routes.lines is
  'The argument that takes a body of one JSON object a line, in pieces; NULL: the body is one JSON object';
comment on column http.routes.file is 'The file that registered it';

create table http.unrouted (
  function_name text not null,
  reason        text not null,
  file          text not null,
  constraint unrouted_pkey primary key (function_name)
);

comment on table http.unrouted is 'Functions of the contract that are on purpose not reachable over HTTP';
comment on column http.unrouted.function_name is 'The function';
comment on column http.unrouted.reason is 'Why it has no route';
comment on column http.unrouted.file is 'The file that says so';

create table http.registry (
  id          boolean not null default true,
  version     uuid not null default gen_random_uuid(),
  deployed_at timestamptz not null default now(),
  constraint registry_pkey primary key (id),
  constraint registry_id_check check (id)
);

comment on table http.registry is
  'One row: the version of all code and routes; random, new with every deploy that changed something';
comment on column http.registry.id is 'Always true: there is one row';
comment on column http.registry.version is 'Part of every cache key, so that a deploy voids what older code answered';
comment on column http.registry.deployed_at is 'When that deploy was';

insert into http.registry default values;

create table http.jobs (
  name  text not null,
  every interval not null,
  file  text not null,
  constraint jobs_pkey primary key (name),
  constraint jobs_name_check check (name ~ '^core\.[a-z][a-z0-9_]*$'),
  constraint jobs_every_check check (every between interval '1 second' and interval '31 days')
);

comment on table http.jobs is 'What the worker does whether or not a request comes; how it went stands in ops.job_runs';
comment on column http.jobs.name is 'The function: takes how many rows to work on at most, returns how many there were';
comment on column http.jobs.every is 'How often';
comment on column http.jobs.file is 'The file that registered it';

-- A replica that holds a beat has all that was committed before it, by this very server: no copy that went its own way,
-- and no other server with the same keys, has it.
create table http.beats (
  id      uuid not null default base.new_id(),
  beat_at timestamptz not null default clock_timestamp(),
  constraint beats_pkey primary key (id)
);

comment on table http.beats is 'Signs of life of this server for its replicas; those of the last minute';
comment on column http.beats.id is 'The beat';
comment on column http.beats.beat_at is 'When it was';

create table http.cache_place (
  id    boolean not null default true,
  redis text not null default '',
  epoch uuid not null default gen_random_uuid(),
  constraint cache_place_pkey primary key (id),
  constraint cache_place_id_check check (id)
);

comment on table http.cache_place is 'One row: where copies of answers were kept last';
comment on column http.cache_place.id is 'Always true: there is one row';
comment on column http.cache_place.redis is
  'Which Redis, as the layer names it: one run of it, one database, one prefix';
comment on column http.cache_place.epoch is
  'Another one whenever it is another Redis; part of every key there: http.timeline';

insert into http.cache_place default values;

grant select on http.routes, http.unrouted, http.registry, http.jobs to plinth_reader, plinth_operator;
grant select on http.beats to plinth_operator, plinth_system;
grant select on http.cache_place to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('http', 'routes',   'reference', 'the same routes everywhere'),
  ('http', 'unrouted', 'reference', 'the same functions everywhere'),
  ('http', 'registry', 'reference', 'one row'),
  ('http', 'jobs',     'reference', 'the same jobs everywhere'),
  ('http', 'beats',    'local',     'each server has its own'),
  ('http', 'cache_place', 'local',  'each server has its own');
