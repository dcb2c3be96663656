-- api.list_api_usage: the caller's single calls and uses of models, newest first.
--
-- Rules   p_from is included, p_to is not; without p_from, the last seven days. What was answered is here within a
--         second or so, and for usage.keep_days.
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this list
create or replace function api.list_api_usage(
  p_user_id uuid,
  p_from    timestamptz default null,
  p_to      timestamptz default null,
  p_after   text default null,
  p_limit   integer default 50
)
returns table (
  id          uuid,
  at          timestamptz,
  method      text,
  route       text,
  status      smallint,
  duration_ms numeric,
  request_id  text,
  cache       text,
  api_key_id  uuid,
  model       text,
  tokens_in   bigint,
  tokens_out  bigint,
  cost        numeric,
  cursor      text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from uuid;
  v_to   uuid;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_after(p_after);
  -- The ids have the time in them: so days that are not asked for are not looked at. Nothing is before 1970.
  v_from := base.first_id(greatest(least(coalesce(p_from, now() - interval '7 days'), now() + interval '1 day'), 'epoch'));
  v_to := least(base.first_id(greatest(least(p_to, now() + interval '1 day'), 'epoch')), p_after::uuid);
  return query
    select u.id, u.at, u.method, u.route, u.status, round(u.duration_us / 1000.0, 3), u.request_id, u.cache, u.api_key_id,
           nullif(u.model, ''), u.tokens_in, u.tokens_out, u.cost, u.id::text
      from ops.api_usage u
     where u.user_id = p_user_id and u.id >= v_from and u.id < v_to
     order by u.id desc
     limit p_limit;
end
$$;

comment on function api.list_api_usage(uuid, timestamptz, timestamptz, text, integer) is
  'The caller''s single calls and uses of models, newest first';
grant execute on function api.list_api_usage(uuid, timestamptz, timestamptz, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/usage/calls', 'api.list_api_usage');
