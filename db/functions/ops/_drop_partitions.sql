-- core.drop_partitions: the job that drops what is not kept any more, whole partitions at a time. Returns how many.
--
-- Locks   the tables it takes partitions from; where they are not to be had in a moment it fails, and comes again
create or replace function core.drop_partitions(p_limit integer)
returns integer
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select case when p_limit > 0 then ops.drop_partitions() else 0 end
$$;

comment on function core.drop_partitions(integer) is 'Drops the partitions that are not kept any more';
select http.schedule('core.drop_partitions', every => '1 hour');
