-- http.record_usage: takes the calls a worker of the layer answered since it last told, as arrays of equal length.
--
-- Rules   p_tokens are the callers of this batch, each by the SHA-256 of the token, and p_users who they are as far as
--         the layer knows; p_callers says by number whose call it was. Whom a token belongs to is asked here, which
--         also tells the API key; where it is gone meanwhile (a refresh), the layer's word counts.
--         The ids are the layer's: of version 7, by the time of the call. So a batch that is sent again, because its
--         answer was lost, counts once. p_ats are milliseconds since 1970, p_durations microseconds.
-- Locks   those of core.add_usage
-- Owned by plinth_system: it finds sessions and keys of every user, by the hash of the presented token only.
create or replace function http.record_usage(
  p_tokens      bytea[],
  p_users       uuid[],
  p_ids         uuid[],
  p_ats         bigint[],
  p_callers     integer[],
  p_methods     text[],
  p_routes      text[],
  p_statuses    smallint[],
  p_durations   integer[],
  p_request_ids text[],
  p_caches      text[]
)
returns integer
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  with caller as materialized (
    select t.n, coalesce(s.user_id, k.user_id, f.user_id, t.user_id, '00000000-0000-0000-0000-000000000000') as user_id,
           coalesce(k.id, f.id) as api_key_id
      from unnest(p_tokens, p_users) with ordinality as t (token, user_id, n)
      left join auth.sessions s on s.token_hash = t.token
      left join auth.api_keys k on s.id is null and k.secret_hash = t.token
      left join auth.api_keys f on s.id is null and k.id is null and f.previous_hash = t.token
  )
  select core.add_usage(array_agg(row(
           c.user_id, r.id, to_timestamp(r.at / 1000.0), c.api_key_id, r.method, r.route, r.status, r.duration,
           r.request_id, r.cache, '', null, null, null)::ops.api_usage))
    from unnest(p_ids, p_ats, p_callers, p_methods, p_routes, p_statuses, p_durations, p_request_ids, p_caches)
           as r (id, at, caller, method, route, status, duration, request_id, cache)
    join caller c on c.n = r.caller
$$;

comment on function http.record_usage(
  bytea[], uuid[], uuid[], bigint[], integer[], text[], text[], smallint[], integer[], text[], text[]) is
  'Takes the calls a worker answered; returns how many were new';
grant execute on function http.record_usage(
  bytea[], uuid[], uuid[], bigint[], integer[], text[], text[], smallint[], integer[], text[], text[]) to plinth_web;
alter function http.record_usage(
  bytea[], uuid[], uuid[], bigint[], integer[], text[], text[], smallint[], integer[], text[], text[])
  owner to plinth_system;
