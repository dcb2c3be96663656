-- api.record_usages: an application reports up to 1,000 uses of models at once.
--
-- Rules   Each is an object with the fields of api.record_usage. One that breaks a rule refuses all; what was counted
--         before is passed over and told as a duplicate, so the whole may be sent again.
-- Errors  UN001 nobody is signed in; NF001 the account is not active; VL001 not a list of 1 to 1,000, or a field breaks
--         a rule; VL002 there is no such field; VL003 model is missing
-- Locks   those of core.add_usage_events
create or replace function api.record_usages(p_user_id uuid, p_events jsonb)
returns table (recorded bigint, duplicates bigint)
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
  if jsonb_typeof(p_events) is distinct from 'array' or jsonb_array_length(p_events) not between 1 and 1000 then
    perform base.raise('VL001', 'events must be a list of 1 to 1,000', 'events');
  end if;
  return query
    select count(*) filter (where not e.duplicate), count(*) filter (where e.duplicate)
      from core.add_usage_events(p_user_id, p_events, 'events[%s].') e;
end
$$;

comment on function api.record_usages(uuid, jsonb) is 'An application reports up to 1,000 uses of models at once';
grant execute on function api.record_usages(uuid, jsonb) to plinth_web, plinth_operator;
select http.expose('POST /v1/usage/bulk', 'api.record_usages', status => 201);
