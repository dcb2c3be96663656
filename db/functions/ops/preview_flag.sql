-- api.preview_flag: how many of the active users would have a flag if it were on now; as it is, or with other rules or
-- another percentage, before anything is changed.
--
-- Rules   Counted over all of them while they are at most 2,000; else over about as many, drawn by the page of the
--         table,
--         and scaled up: exact says which. Its main switch and schedule are taken as on; those of
--         the flags it needs are as they are.
-- Permission flags:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such flag; VL001 a field breaks a rule
-- Owned by plinth_system: it counts over all users.
create or replace function api.preview_flag(
  p_key        text,
  p_percentage numeric default null,
  p_rules      jsonb default null
)
returns table (active_users bigint, enabled bigint, percentage numeric, variants jsonb, looked_at integer, exact boolean)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  c_sample constant integer := 2000;
  v_flags ops.flags[] := core.flag_and_needed(p_key);
  v_flag  ops.flags;
  v_fault record;
  v_share float8;  -- of the table that is looked at
begin
  perform core.require_permission('flags:manage');
  select f.* into v_flag from unnest(v_flags) f where f.key = p_key;
  if not found then
    perform base.raise('NF001', format('There is no flag %s', left(p_key, 100)), 'key');
  end if;
  v_flag.percentage := coalesce(p_percentage, v_flag.percentage);
  v_flag.rules := coalesce(p_rules, v_flag.rules);
  v_flag.enabled := true;
  v_flag.starts_at := null;
  v_flag.ends_at := null;
  select f.* into v_fault from ops.flag_faults(v_flag) f limit 1;
  if found then
    perform base.raise('VL001', v_fault.message, v_fault.field);
  end if;
  v_flags := array(select f from unnest(v_flags) f where f.key <> p_key) || v_flag;

  select least(1, c_sample / greatest(c.reltuples, 1)) into v_share from pg_class c where c.oid = 'auth.users'::regclass;

  return query
    with judged as (
      select j.enabled, j.variant
        from (select u.id, u.roles, u.tier from auth.users u tablesample system (100 * v_share)
               where u.status = 'active' limit 2 * c_sample) u
       cross join lateral core.judge_flags(v_flags, u.id, u.roles, u.tier, now()) j
       where j.key = p_key
    ), named as (
      select v.item ->> 'name' as name, count(j.variant) as users
        from jsonb_array_elements(v_flag.variants) as v (item)
        left join judged j on j.variant = v.item ->> 'name'
       group by 1
    )
    select (count(*) / v_share)::bigint, (count(*) filter (where j.enabled) / v_share)::bigint,
           round(100.0 * count(*) filter (where j.enabled) / nullif(count(*), 0), 2),
           (select coalesce(jsonb_object_agg(n.name, (n.users / v_share)::bigint), '{}') from named n),
           count(*)::integer, v_share = 1 and count(*) < 2 * c_sample
      from judged j;
end
$$;

comment on function api.preview_flag(text, numeric, jsonb) is
  'How many active users would have a feature flag, as it is or as proposed';
grant execute on function api.preview_flag(text, numeric, jsonb) to plinth_web, plinth_operator;
alter function api.preview_flag(text, numeric, jsonb) owner to plinth_system;
select http.expose('POST /v1/admin/flags/{key}/preview', 'api.preview_flag', permission => 'flags:manage', lane => 'slow');
