-- core.user_skill_runs: how users' runs of skills went: the sums that are kept, and what ended since they were added
-- up. security_invoker, so that the policies of whoever asks decide which rows there are.
create or replace view core.user_skill_runs with (security_invoker = true) as
select s.user_id, s.day, s.skill_name, s.skill_version, s.status, s.from_us, s.below_us, s.runs, s.duration_us, s.slowest_us,
       s.last_error_kind, s.last_finished_at
  from chat.user_skill_stats s
union all
select u.user_id, u.day, u.skill_name, u.skill_version, u.status, u.from_us, u.below_us, 1, u.duration_us, u.duration_us,
       u.error_kind, u.finished_at
  from chat.unfolded_executions u;

comment on view core.user_skill_runs is 'How users'' runs of skills went: kept sums, and what ended since';
comment on column core.user_skill_runs.user_id is 'For whom they ran';
comment on column core.user_skill_runs.day is 'The day they ended (UTC)';
comment on column core.user_skill_runs.skill_name is 'The skill';
comment on column core.user_skill_runs.skill_version is 'The version';
comment on column core.user_skill_runs.status is 'How they ended';
comment on column core.user_skill_runs.from_us is 'They took from so many microseconds';
comment on column core.user_skill_runs.below_us is 'To below so many';
comment on column core.user_skill_runs.runs is 'How many';
comment on column core.user_skill_runs.duration_us is 'Microseconds of all together';
comment on column core.user_skill_runs.slowest_us is 'Microseconds of the slowest';
comment on column core.user_skill_runs.last_error_kind is 'How the last of them failed';
comment on column core.user_skill_runs.last_finished_at is 'When the last of them ended';
grant select on core.user_skill_runs to plinth_system;
