-- core.fold_executions: the job that adds runs which ended to the sums of their user and to those of everybody. What
-- waits is counted by whoever reads, so nothing depends on when it runs.
--
-- Locks   what waits (of two at once the second gets what the first did not take), then the sums in the order of
--         their keys
-- Owned by plinth_system: a job for all users.
create or replace function core.fold_executions(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken integer;
begin
  with taken as (
    delete from chat.unfolded_executions u
     using (select w.user_id, w.execution_id from chat.unfolded_executions w limit p_limit) w
     where u.user_id = w.user_id and u.execution_id = w.execution_id
    returning u.*
  ), counted as (
    select t.user_id, t.day, t.skill_name, t.skill_version, t.status, t.from_us, min(t.below_us) as below_us, count(*) as runs,
           sum(t.duration_us) as duration_us, max(t.duration_us) as slowest_us,
           (array_agg(t.error_kind order by t.finished_at desc))[1] as last_error_kind, max(t.finished_at) as last_finished_at
      from taken t
     group by 1, 2, 3, 4, 5, 6
  ), of_users as (
    insert into chat.user_skill_stats as s
    select c.* from counted c order by 1, 2, 3, 4, 5, 6
    on conflict (user_id, day, skill_name, skill_version, status, from_us) do update
       set runs = s.runs + excluded.runs,
           duration_us = s.duration_us + excluded.duration_us,
           slowest_us = greatest(s.slowest_us, excluded.slowest_us),
           last_error_kind = case when excluded.last_finished_at >= s.last_finished_at then excluded.last_error_kind
                                  else s.last_error_kind end,
           last_finished_at = greatest(s.last_finished_at, excluded.last_finished_at)
  ), of_all as (
    insert into chat.skill_stats as s
    select c.day, c.skill_name, c.skill_version, c.status, c.from_us, min(c.below_us), sum(c.runs), sum(c.duration_us),
           max(c.slowest_us), (array_agg(c.last_error_kind order by c.last_finished_at desc))[1], max(c.last_finished_at)
      from counted c group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (day, skill_name, skill_version, status, from_us) do update
       set runs = s.runs + excluded.runs,
           duration_us = s.duration_us + excluded.duration_us,
           slowest_us = greatest(s.slowest_us, excluded.slowest_us),
           last_error_kind = case when excluded.last_finished_at >= s.last_finished_at then excluded.last_error_kind
                                  else s.last_error_kind end,
           last_finished_at = greatest(s.last_finished_at, excluded.last_finished_at)
  )
  select count(*) into v_taken from taken;
  return v_taken;
end
$$;

comment on function core.fold_executions(integer) is 'Adds runs of skills that ended to the sums';
alter function core.fold_executions(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.fold_executions(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.fold_executions', every => '5 seconds');
