-- core.add_usage_events: takes reports of an application about its use of models. Returns one row per report, in their
-- order: its id, and whether it was there already.
--
-- Rules   A report is an object with model, and where known tokens_in, tokens_out, cost, event_id, at, metadata.
--         An event_id counts once per user, however often and with whatever it comes; the first one stays. Without one,
--         each report is new. Reports count in the hour they tell (at), not in that in which they come.
--         Tokens of the last day count against the tokens that the user, and the API key, have per day.
--         p_path is how errors name a report of a list: 'events[%s].'.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
-- Errors  VL001 a field breaks a rule; VL002 there is no such field; VL003 model is missing
-- Locks   ops.usage_events in the order of event_id; then those of core.count_tokens; then those of core.add_usage
create or replace function core.add_usage_events(p_user_id uuid, p_events jsonb, p_path text default '')
returns table (id uuid, event_id text, duplicate boolean)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  c_late constant interval := '35 days';  -- no longer than calls are kept, see usage.keep_days
  v_event jsonb;
  v_path  text;
  v_bad   text;
  v_at    timestamptz;
  v_id    uuid;
  v_ids   uuid[] := '{}';
  v_rows  ops.api_usage[] := '{}';
  v_names text[] := '{}';
  v_notes jsonb[] := '{}';
  v_new   uuid[];
  v_sum   bigint;
begin
  for v_event, v_path in
    select e.event, format(p_path, e.n - 1) from jsonb_array_elements(p_events) with ordinality as e (event, n)
  loop
    if jsonb_typeof(v_event) <> 'object' then
      perform base.raise('VL001', 'a report must be an object', rtrim(v_path, '.'));
    end if;
    v_bad := (select min(k) from jsonb_object_keys(v_event) k
               where k <> all ('{model,tokens_in,tokens_out,cost,event_id,at,metadata}'));
    if v_bad is not null then
      perform base.raise('VL002', format('%s is not a field of this request', v_bad), v_path || v_bad);
    end if;
    v_event := jsonb_strip_nulls(v_event);

    if v_event -> 'model' is null then
      perform base.raise('VL003', 'model is required', v_path || 'model');
    elsif jsonb_typeof(v_event -> 'model') <> 'string' or v_event ->> 'model' !~ '^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}$' then
      perform base.raise('VL001', 'model must have 1 to 100 letters, digits, or . _ : / @ + -', v_path || 'model');
    end if;
    v_bad := (select min(k) from unnest('{tokens_in,tokens_out}'::text[]) k
               where v_event ->> k !~ '^[0-9]{1,8}$' or jsonb_typeof(v_event -> k) <> 'number');
    if v_bad is not null then
      perform base.raise('VL001', format('%s must be a whole number from 0 to 99999999', v_bad), v_path || v_bad);
    end if;
    if jsonb_typeof(v_event -> 'cost') not in ('number', 'string') or v_event ->> 'cost' !~ '^[0-9]{1,9}(\.[0-9]{1,12})?$' then
      perform base.raise('VL001', 'cost must be a number, not negative, of at most 12 decimals', v_path || 'cost');
    end if;
    if jsonb_typeof(v_event -> 'event_id') <> 'string' or v_event ->> 'event_id' !~ '^[^[:cntrl:]]{1,200}$' then
      perform base.raise('VL001', 'event_id must have 1 to 200 characters and no control characters', v_path || 'event_id');
    end if;
    if jsonb_typeof(v_event -> 'metadata') <> 'object' or length(v_event ->> 'metadata') > 4000 then
      perform base.raise('VL001', 'metadata must be an object of at most 4,000 characters', v_path || 'metadata');
    end if;
    begin
      if v_event ->> 'at' !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' then
        raise invalid_datetime_format;
      end if;
      v_at := coalesce((v_event ->> 'at')::timestamptz, now());
    exception when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
      perform base.raise('VL001', 'at must be a time like 2026-01-31T12:00:00Z', v_path || 'at');
    end;
    if v_at > now() + interval '5 minutes' then  -- clocks differ a little
      perform base.raise('VL001', 'at must not be in the future', v_path || 'at');
    elsif v_at < now() - c_late then
      perform base.raise('VL001', 'at must be within the last 35 days', v_path || 'at');
    end if;
    v_at := least(v_at, now());

    -- The id is of the time the report tells, so that it lies in the partition of its day.
    v_id := overlay(base.new_id()::text placing left(base.first_id(v_at)::text, 13) from 1)::uuid;
    v_rows := v_rows || row(
      p_user_id, v_id, v_at, base.request_context(5), 'POST', '/v1/usage', null, null, base.request_context(2), null,
      v_event ->> 'model', coalesce((v_event ->> 'tokens_in')::bigint, 0), coalesce((v_event ->> 'tokens_out')::bigint, 0),
      coalesce((v_event ->> 'cost')::numeric, 0))::ops.api_usage;
    v_ids := v_ids || v_id;
    v_names := v_names || coalesce(v_event ->> 'event_id', v_id::text);
    v_notes := v_notes || coalesce(v_event -> 'metadata', '{}');
  end loop;

  with added as (
    insert into ops.usage_events (user_id, event_id, usage_id, metadata)
    select p_user_id, e.name, e.id, e.note
      from unnest(v_ids, v_names, v_notes) with ordinality as e (id, name, note, n)
     order by e.name, e.n
    on conflict do nothing
    returning usage_id
  )
  select array_agg(a.usage_id) into v_new from added a;

  select array_agg(r), sum(r.tokens_in + r.tokens_out) filter (where r.at > now() - interval '1 day')
    into v_rows, v_sum
    from unnest(v_rows) r
   where r.id = any (v_new);
  perform core.count_tokens(p_user_id, v_sum, base.request_context(5)::uuid);
  perform core.add_usage(v_rows);

  return query
    select u.usage_id, e.name, u.usage_id is distinct from e.id
      from unnest(v_ids, v_names) with ordinality as e (id, name, n)
     cross join lateral (select o.usage_id from ops.usage_events o
                          where o.user_id = p_user_id and o.event_id = e.name offset 0) u
     order by e.n;
end
$$;

comment on function core.add_usage_events(uuid, jsonb, text) is
  'Takes reports of an application about its use of models';
