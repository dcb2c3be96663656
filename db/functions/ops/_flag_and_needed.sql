-- core.flag_and_needed: a flag, and the flags it hangs on, as core.judge_flags takes them. NULL: there is no such flag.
create or replace function core.flag_and_needed(p_key text)
returns ops.flags[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive needed (key) as (
    select f.key from ops.flags f where f.key = p_key and f.archived_at is null
    union
    select p.key
      from needed n
      join ops.flags f on f.key = n.key
     cross join lateral unnest(f.prerequisites) as p (key)
  )
  select array_agg(f) from needed n join ops.flags f on f.key = n.key
$$;

comment on function core.flag_and_needed(text) is 'A flag, and the flags it hangs on';
grant execute on function core.flag_and_needed(text) to plinth_system;
