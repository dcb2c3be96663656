-- core.cleanup_usage_batches: forgets which batches of usage were told a day ago: no worker sends one again so late.
--
-- Rules   A worker whose database was away for longer holds batches that were never told.
-- Locks   the rows it removes
-- Owned by plinth_system, as the table's only writer.
create or replace function core.cleanup_usage_batches(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_removed integer;
begin
  delete from ops.usage_batches b
   where b.first_call in (select o.first_call from ops.usage_batches o
                           where o.first_call < base.first_id(now() - interval '1 day')
                           order by o.first_call limit p_limit);
  get diagnostics v_removed = row_count;
  return v_removed;
end
$$;

comment on function core.cleanup_usage_batches(integer) is 'Forgets batches of usage that were told a day ago';
alter function core.cleanup_usage_batches(integer) owner to plinth_system;
set local role plinth_system;
grant execute on function core.cleanup_usage_batches(integer) to plinth_owner;
set local role plinth_owner;

select http.schedule('core.cleanup_usage_batches', every => '1 hour');
