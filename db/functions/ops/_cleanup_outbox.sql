-- core.cleanup_outbox: removes messages that were sent or given up a while ago (a setting).
--
-- Locks   the rows it removes; one that is being settled waits for the next time
-- Owned by plinth_system: a job for all users.
create or replace function core.cleanup_outbox(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  delete from ops.outbox o
   using (select d.user_id, d.id
            from ops.outbox d
           where (d.sent_at is not null or d.given_up_at is not null)
             and d.created_at < now() - make_interval(days => base.setting('mail.keep_days')::integer)
           order by d.created_at
           limit p_limit
             for update skip locked) d
   where o.user_id = d.user_id and o.id = d.id;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function core.cleanup_outbox(integer) is 'Removes messages that were sent or given up a while ago';
alter function core.cleanup_outbox(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.cleanup_outbox(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.cleanup_outbox', '1 hour');
