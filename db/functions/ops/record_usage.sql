-- api.record_usage: an application reports that it used a model: which one, how many tokens, what its provider charges.
--
-- Rules   An event_id counts once per user, however often it comes; a repetition answers as the first one did, and says
--         that it is one. at is when the model was used, at most 35 days ago; without it, now.
--         The tokens count against the tokens a user has per day. Whoever spends them beforehand (increment_rate_limit)
--         and reports them as well spends them twice.
-- Errors  UN001 nobody is signed in; NF001 the account is not active; VL001 a field breaks a rule; VL003 model is
--         missing
-- Locks   those of core.add_usage_events
create or replace function api.record_usage(
  p_user_id    uuid,
  p_model      text,
  p_tokens_in  bigint default 0,
  p_tokens_out bigint default 0,
  p_cost       numeric default 0,
  p_event_id   text default null,
  p_at         timestamptz default null,
  p_metadata   jsonb default '{}'
)
returns table (id uuid, event_id text, duplicate boolean)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform from auth.users u where u.id = p_user_id and u.status = 'active';
  if not found then
    perform base.raise('NF001', 'There is no such active account', 'user_id');
  end if;
  return query
    select e.id, e.event_id, e.duplicate
      from core.add_usage_events(p_user_id, jsonb_build_array(jsonb_build_object(
        'model', p_model, 'tokens_in', p_tokens_in, 'tokens_out', p_tokens_out, 'cost', p_cost::text,
        'event_id', p_event_id, 'at', p_at, 'metadata', p_metadata))) e;
end
$$;

comment on function api.record_usage(uuid, text, bigint, bigint, numeric, text, timestamptz, jsonb) is
  'An application reports that it used a model';
grant execute on function api.record_usage(uuid, text, bigint, bigint, numeric, text, timestamptz, jsonb)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/usage', 'api.record_usage', status => 201);
