-- core.make_partitions: the job that makes the partitions that are missing. Returns how many it made.
create or replace function core.make_partitions(p_limit integer)
returns integer
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when p_limit > 0 then ops.make_partitions() else 0 end
$$;

comment on function core.make_partitions(integer) is 'Makes the partitions that are missing';
select http.schedule('core.make_partitions', every => '1 hour');
