-- http.record_usage: takes the calls a worker of the layer answered since it last told. Returns how many there were.
--
-- Rules   Calls of one kind (caller, route, status) come many at a time: p_tokens to p_caches tell each kind once,
--         p_kinds of which kind each call was, by number, and p_ids to p_request_ids the calls.
--         Whom a token belongs to is asked here, which also tells the API key; where it is gone meanwhile (a refresh),
--         p_users counts, who it is as far as the layer knows.
--         Of an account that is erased, or may be any moment, no request id is kept: its erasure may have passed by.
--         A batch is known by the id of its first call: one that is sent again, because its answer was lost, counts
--         once. The ids are the layer's, of version 7, by the time of the call: p_ats, in milliseconds since 1970.
-- Why offset 0, and enable_seqscan   As in http.enter: the hash alone chooses the index, and each is looked up by it.
-- Locks   the batch, the new rows, then those of core.fold_usage
-- Owned by plinth_system: it finds sessions and keys of every user, by the hash of the presented token only.
create or replace function http.record_usage(
  p_tokens      bytea[],
  p_users       uuid[],
  p_methods     text[],
  p_routes      text[],
  p_statuses    smallint[],
  p_caches      text[],
  p_kinds       integer[],
  p_ids         uuid[],
  p_ats         bigint[],
  p_durations   integer[],
  p_request_ids text[]
)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  v_counts analytics.api_metrics[];
  v_slots  integer[] := analytics.duration_bounds();
begin
  -- The lane it comes by does not wait for the disk; what was told is forgotten there, so here it must be kept.
  perform set_config('synchronous_commit', 'on', true);

  insert into ops.usage_batches (first_call) select p_ids[1] where p_ids[1] is not null on conflict do nothing;
  if not found then
    return 0;
  end if;

  with kind as materialized (
    select t.n, w.user_id, coalesce(k.id, f.id) as api_key_id, t.method, t.route, t.status, t.cache,
           exists (select from auth.users u
                    where u.id = w.user_id and (u.status = 'erased' or u.deleted_at < now() - interval '5 seconds')) as gone
      from unnest(p_tokens, p_users, p_methods, p_routes, p_statuses, p_caches) with ordinality
             as t (token, user_id, method, route, status, cache, n)
      left join lateral (select a.id, a.user_id from auth.sessions a where a.token_hash = t.token offset 0) s on true
      left join lateral (select a.id, a.user_id from auth.api_keys a
                          where a.secret_hash = t.token and s.id is null offset 0) k on true
      left join lateral (select a.id, a.user_id from auth.api_keys a
                          where a.previous_hash = t.token and s.id is null and k.id is null offset 0) f on true
     cross join lateral (
       select coalesce(s.user_id, k.user_id, f.user_id, t.user_id, '00000000-0000-0000-0000-000000000000') as user_id) w
  ), added as (
    insert into ops.api_usage
      (user_id, id, at, api_key_id, method, route, status, duration_us, request_id, cache)
    select k.user_id, c.id, to_timestamp(c.at / 1000.0::float8), k.api_key_id, k.method, k.route, k.status, c.duration,
           case when not k.gone then c.request_id end, k.cache
      from unnest(p_kinds, p_ids, p_ats, p_durations, p_request_ids) as c (kind, id, at, duration, request_id)
      join kind k on k.n = c.kind
  ), slots as (
    -- What each call costs is in here, so it deals with numbers only.
    select c.kind, c.at / 3600000 as hour, width_bucket(c.duration, v_slots) as slot,
           count(*) as calls, sum(c.duration::bigint) as duration_us, max(c.duration) as slowest_us
      from unnest(p_kinds, p_ats, p_durations) as c (kind, at, duration)
     group by 1, 2, 3
  ), counted as (
    select k.user_id, to_timestamp(s.hour * 3600) as hour, k.route, k.method, (k.status / 100)::smallint as status_class,
           '' as model, sum(s.calls)::bigint as calls, 0::bigint, 0::bigint, 0::numeric,
           sum(s.duration_us)::bigint, max(s.slowest_us),
           array[coalesce(sum(s.calls) filter (where s.slot = 0), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 1), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 2), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 3), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 4), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 5), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 6), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 7), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 8), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 9), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 10), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 11), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 12), 0),
                 coalesce(sum(s.calls) filter (where s.slot = 13), 0)]::bigint[]
      from slots s
      join kind k on k.n = s.kind
     group by 1, 2, 3, 4, 5
  )
  select array_agg(c::analytics.api_metrics) into v_counts from counted c;

  perform core.fold_usage(v_counts);
  return cardinality(p_ids);
end
$$;

comment on function http.record_usage(
  bytea[], uuid[], text[], text[], smallint[], text[], integer[], uuid[], bigint[], integer[], text[]) is
  'Takes the calls a worker answered; returns how many there were';
grant execute on function http.record_usage(
  bytea[], uuid[], text[], text[], smallint[], text[], integer[], uuid[], bigint[], integer[], text[]) to plinth_web;
alter function http.record_usage(
  bytea[], uuid[], text[], text[], smallint[], text[], integer[], uuid[], bigint[], integer[], text[])
  owner to plinth_system;
