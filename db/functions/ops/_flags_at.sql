-- core.flags_at: all flags as core.judge_flags takes them: those of now, or those there were at a moment.
create or replace function core.flags_at(p_at timestamptz)
returns ops.flags[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_at is null then
    return (select array_agg(f) from ops.flags f where f.archived_at is null);
  end if;
  return (
    select array_agg(f)
      from (select distinct on (h.key) h.definition from ops.flag_history h
             where h.valid_from <= p_at order by h.key, h.version desc) h
     cross join lateral jsonb_populate_record(null::ops.flags, h.definition) f
     where f.archived_at is null);
end
$$;

comment on function core.flags_at(timestamptz) is 'All flags as they are, or as they were at a moment';
grant execute on function core.flags_at(timestamptz) to plinth_system;
