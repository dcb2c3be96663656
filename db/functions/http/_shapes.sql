-- http.shapes: what JSON arguments look like where no guard can tell it, as JSON Schema. p_guards is what http.guards
-- says, by function and argument.
--
-- Rules   Lists of what another function takes one of are described by that one's arguments; those that the list's
--         function has itself hold for all items. What may be left out may be null, but not in a change.
--         tests/http/test_description.py tries all of it.
create or replace function http.shapes(p_guards jsonb)
returns table (function text, argument text, schema jsonb)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with object (name, list, fields, required) as (values
    ('steps', true, '{
      "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,63}$"},
      "skill": {"type": "string"},
      "version": {"type": ["string", "null"]},
      "arguments": {"type": ["object", "null"],
                    "description": "{\"$result\": \"step\", \"pointer\": \"/a/0\"} stands for a result, or a part of it"},
      "needs": {"type": ["array", "null"], "items": {"type": "string"},
                "description": "Earlier steps; left out: the one before"},
      "max_attempts": {"type": ["integer", "null"], "minimum": 1, "maximum": 20},
      "timeout_seconds": {"type": ["integer", "null"], "minimum": 1, "maximum": 86400}}'::jsonb, '["skill"]'::jsonb),
    ('users', true, '{
      "id": {"type": ["string", "null"], "format": "uuid"},
      "username": {"type": "string"},
      "email": {"type": "string", "maxLength": 254},
      "full_name": {"type": "string"},
      "avatar_url": {"type": "string"},
      "bio": {"type": "string", "maxLength": 2000},
      "tier": {"type": "string"},
      "email_verified": {"type": "boolean"},
      "metadata": {"type": "object"},
      "password_hash": {"type": "string"}}', '["username", "email"]'),
    ('rules', true, '{
      "users": {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1, "maxItems": 1000},
      "roles": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1000},
      "tiers": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1000},
      "percentage": {"type": "number", "minimum": 0, "maximum": 100},
      "enabled": {"type": "boolean"},
      "variant": {"type": "string"},
      "description": {"type": "string", "maxLength": 500}}', '[]'),
    ('variants', true, '{
      "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,50}$"},
      "weight": {"type": "number", "minimum": 0, "maximum": 10000},
      "value": {}}', '["name", "weight"]'),
    ('limits', false, '{
      "requests_per_minute": {"type": "integer", "minimum": 0, "maximum": 999999999999},
      "requests_per_hour": {"type": "integer", "minimum": 0, "maximum": 999999999999},
      "requests_per_day": {"type": "integer", "minimum": 0, "maximum": 999999999999},
      "tokens_per_day": {"type": "integer", "minimum": 0, "maximum": 999999999999}}', '[]'),
    -- What may hold anything.
    ('metadata', false, null, null),
    ('preferences', false, null, null),
    ('parameters', false, null, null),
    ('arguments', false, null, null),
    ('tool_calls', true, null, null)),
  shape (name, schema) as (
    select o.name, case when o.list then jsonb_build_object('type', 'array', 'items', i.schema) else i.schema end
      from object o
     cross join lateral (
       select '{"type": "object"}'::jsonb || case when o.fields is null then '{}' else jsonb_build_object(
                'additionalProperties', false, 'required', o.required, 'properties', o.fields) end as schema) i
    union all
    select 'items', jsonb_build_object('type', 'array', 'items', jsonb_build_object('oneOf', jsonb_agg(
             jsonb_build_object('type', 'object', 'additionalProperties', false, 'required', '["type"]'::jsonb,
                                'properties', f.fields || jsonb_build_object('type', jsonb_build_object('const', t))))))
      from unnest('{conversation,message,edit,summary}'::text[]) t
     cross join lateral (select jsonb_object_agg(f, '{}'::jsonb) as fields from unnest(core.import_fields(t)) f) f
  ),
  single (function, argument, one) as (values
    ('api.create_messages', 'messages', 'api.create_message'),
    ('api.create_memories', 'memories', 'api.create_memory'),
    ('api.record_usages', 'events', 'api.record_usage'),
    ('api.update_users', 'users', 'api.update_user'))
  select r.function_name, a.name, case when a.type = 'jsonb[]' then jsonb_build_object('items', s.schema) else s.schema end
    from (select distinct q.function_name from http.routes q) r
   cross join lateral http.arguments(r.function_name::regproc) a
    join shape s on s.name = a.name
   where a.type like 'json%' and not exists (
     select from single o where (o.function, o.argument) = (r.function_name, a.name))
  union all
  select o.function, o.argument, jsonb_build_object('type', 'array', 'items', (
           select jsonb_strip_nulls(jsonb_build_object(
                    'type', 'object', 'additionalProperties', false,
                    'required', jsonb_agg(f.name) filter (where f.required),
                    'properties', jsonb_object_agg(f.name, case when f.required or o.one like 'api.update%'
                                                                then f.schema else http.nullable(f.schema) end)))
             from (select a.name, a.required,
                          http.json_schema(a.type) || coalesce(p_guards -> o.one -> a.name, '{}') - 'cleared'
                          || coalesce((select s.schema from shape s where s.name = a.name and a.type = 'jsonb'), '{}') as schema
                     from http.arguments(o.one::regproc) a
                    where a.name not in (select b.name from http.arguments(o.function::regproc) b)) f))
    from single o
$$;

comment on function http.shapes(jsonb) is 'What JSON arguments look like where no guard can tell it';
