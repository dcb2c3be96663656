-- core.cleanup_skill_stats: the job that removes users' statistics of days that are not kept any more. Those of
-- everybody together stay; the runs themselves go by whole partitions.
--
-- Locks   the rows it removes
-- Owned by plinth_system: a job for all users.
create or replace function core.cleanup_skill_stats(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows integer;
begin
  delete from chat.user_skill_stats s
   using (select d.ctid from chat.user_skill_stats d
           where d.day < (now() at time zone 'UTC')::date - base.setting('executions.keep_stat_days')::integer
           order by d.day limit p_limit) d
   where s.ctid = d.ctid;
  get diagnostics v_rows = row_count;
  return v_rows;
end
$$;

comment on function core.cleanup_skill_stats(integer) is
  'Removes users'' statistics of skills that are not kept any more';
alter function core.cleanup_skill_stats(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.cleanup_skill_stats(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.cleanup_skill_stats', every => '1 hour');
