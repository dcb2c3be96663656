-- core.triggers_fired: the trigger functions that a plan can set off, each with its table; also on the tables that an
-- ON DELETE of a foreign key reaches.
create or replace function core.triggers_fired(p_plan jsonb)
returns table (function oid, on_table regclass)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive change (on_table, verb) as (
    select format('%I.%I', n.node ->> 'Schema', n.node ->> 'Relation Name')::regclass::oid, v.verb
      from jsonb_path_query(p_plan, 'strict $.** ? (exists (@."Operation"))') as n (node)
     cross join lateral (values (n.node ->> 'Operation'),
                                (case when n.node ->> 'Conflict Resolution' = 'UPDATE' then 'Update' end)) as v (verb)
     where n.node ->> 'Operation' in ('Insert', 'Update', 'Delete', 'Merge') and v.verb is not null
    union
    select k.conrelid, case k.confdeltype when 'c' then 'Delete' else 'Update' end
      from change c
      join pg_constraint k on k.confrelid = c.on_table and k.contype = 'f' and k.confdeltype in ('c', 'n', 'd')
     where c.verb = 'Delete'
  )
  select distinct t.tgfoid, t.tgrelid::regclass
    from change c
    join pg_trigger t on t.tgrelid = c.on_table and not t.tgisinternal and t.tgenabled <> 'D'
   where t.tgtype & case c.verb when 'Insert' then 4 when 'Delete' then 8 when 'Update' then 16 else 28 end <> 0
$$;

comment on function core.triggers_fired(jsonb) is 'The trigger functions that a plan can set off';
