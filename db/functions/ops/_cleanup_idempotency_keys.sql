-- core.cleanup_idempotency_keys: removes keys that have run out, with the answers kept under them.
--
-- Locks   the rows it removes; one that is in use waits for the next time
-- Owned by plinth_system: a job for all users.
create or replace function core.cleanup_idempotency_keys(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  delete from ops.idempotency_keys k
   using (select d.user_id, d.function_name, d.key
            from ops.idempotency_keys d
           where d.expires_at <= now()
           order by d.expires_at
           limit p_limit
             for update skip locked) d
   where k.user_id = d.user_id and k.function_name = d.function_name and k.key = d.key;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function core.cleanup_idempotency_keys(integer) is 'Removes idempotency keys that have run out';
alter function core.cleanup_idempotency_keys(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.cleanup_idempotency_keys(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.cleanup_idempotency_keys', '10 minutes');
