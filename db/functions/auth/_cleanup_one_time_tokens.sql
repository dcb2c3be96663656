-- core.cleanup_one_time_tokens: removes one-time tokens a day after they ran out, used or not.
--
-- Locks   the rows it removes
-- Owned by plinth_system: a job for all users.
create or replace function core.cleanup_one_time_tokens(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  delete from auth.one_time_tokens t
   using (select d.user_id, d.id
            from auth.one_time_tokens d
           where d.expires_at < now() - interval '1 day'
           order by d.expires_at
           limit p_limit
             for update skip locked) d
   where t.user_id = d.user_id and t.id = d.id;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function core.cleanup_one_time_tokens(integer) is 'Removes one-time tokens that ran out';
alter function core.cleanup_one_time_tokens(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.cleanup_one_time_tokens(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.cleanup_one_time_tokens', '1 hour');
