-- core.judge_flags: what each of these flags is for a user. All of them in one query; it reads no table, so the same
-- rules hold for the flags of now, for those of an earlier moment, and for one that is only proposed.
--
-- Rules   In this order: the main switch; the schedule; the prerequisites, each of which the user must have, and
--         theirs; the first rule whose conditions all hold; the percentage. What decided is the reason: off,
--         schedule, prerequisite, rule <n>, percentage, or on where 100 percent get it.
--         A user draws two numbers from 0 to 9999 out of md5(salt:user id): the first eight hex digits modulo 10,000
--         for percentages, so that a larger share keeps whom a smaller one had; the next eight for slots of variants.
--         The flags given must hold what they need; a prerequisite that is not among them counts as off.
create or replace function core.judge_flags(
  p_flags   ops.flags[],
  p_user_id uuid,
  p_roles   text[],
  p_tier    text,
  p_at      timestamptz
)
returns table (key text, enabled boolean, variant text, value jsonb, reason text)
language plpgsql
stable
rows 100
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    with recursive judged as materialized (
      select f.key, f.prerequisites, f.variants, f.slots, f.off_value, r.variant,
             f.enabled and s.reached and coalesce(r.enabled, f.percentage = 100 or b.drawn < f.percentage) as enabled,
             case when f.variants <> '[]' then ('x' || substr(d.digest, 9, 8))::bit(32)::bigint % 10000 end as slot,
             case when not f.enabled then 'off' when not s.reached then 'schedule' end as before,
             coalesce(r.reason, case when f.percentage = 100 then 'on' else 'percentage' end) as reason
        from unnest(p_flags) f
       cross join lateral (select md5(f.salt || ':' || p_user_id) as digest) d
       cross join lateral (select (('x' || left(d.digest, 8))::bit(32)::bigint % 10000)::numeric / 100 as drawn) b
       cross join lateral (
         select coalesce(p_at >= f.starts_at, true) and coalesce(p_at < f.ends_at, true) as reached) s
        left join lateral (
         select coalesce((e.rule ->> 'enabled')::boolean, true) as enabled, e.rule ->> 'variant' as variant,
                'rule ' || e.n as reason
           from jsonb_array_elements(f.rules) with ordinality as e (rule, n)
          where f.rules <> '[]'
            and (not e.rule ? 'users' or e.rule -> 'users' ? p_user_id::text)
            and (not e.rule ? 'roles' or e.rule -> 'roles' ?| p_roles)
            and (not e.rule ? 'tiers' or e.rule -> 'tiers' ? p_tier)
            and (not e.rule ? 'percentage' or b.drawn < (e.rule ->> 'percentage')::numeric)
          order by e.n
          limit 1) r on true
    ), needed (key, prerequisite) as (
      select j.key, p.key from judged j cross join lateral unnest(j.prerequisites) as p (key) where j.prerequisites <> '{}'
      union
      select n.key, p.key
        from needed n
        join judged j on j.key = n.prerequisite
       cross join lateral unnest(j.prerequisites) as p (key)
    ), missing as (
      select distinct n.key from needed n left join judged j on j.key = n.prerequisite where j.enabled is not true
    ), decided as (
      select j.*, j.enabled and m.key is null as has, m.key is not null as lacks
        from judged j left join missing m on m.key = j.key
    )
    select d.key, d.has, v.name,
           case when not d.has then d.off_value
                when v.name is null then 'true'
                else (select coalesce(i.item -> 'value', 'true') from jsonb_array_elements(d.variants) as i (item)
                       where i.item ->> 'name' = v.name) end,
           coalesce(d.before, case when d.lacks then 'prerequisite' end, d.reason)
      from decided d
      left join lateral (
       select coalesce(d.variant, (select s.name from jsonb_each_text(d.slots) as s (name, slots)
                                    where s.slots::int4multirange @> d.slot::integer)) as name
        where d.has and d.variants <> '[]') v on true;
end
$$;

comment on function core.judge_flags(ops.flags[], uuid, text[], text, timestamptz) is
  'What each of these flags is for a user: on or off, variant, value, and what decided';
grant execute on function core.judge_flags(ops.flags[], uuid, text[], text, timestamptz) to plinth_system;
