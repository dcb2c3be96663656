-- chat.tg_user_skill_stats__forget_error: what one user's last run failed by does not outlive the user.
begin;
select plan(8);

select function_returns('chat', 'tg_user_skill_stats__forget_error', array[]::text[], 'trigger');
select volatility_is('chat', 'tg_user_skill_stats__forget_error', array[]::text[], 'volatile');
select isnt_definer('chat', 'tg_user_skill_stats__forget_error', array[]::text[]);

insert into auth.users (id, username, email, status, deleted_at) values
  ('019e0000-0000-7000-8000-00000000f6a1', 'tap_kind_anna', 'tap_kind_anna@example.org', 'deleted', now() - interval '1 day'),
  ('019e0000-0000-7000-8000-00000000f6a2', 'tap_kind_ben', 'tap_kind_ben@example.org', 'active', null);
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapHers', '1.0.0', 'Fails for her', '{"type": "object"}', true, true),
  ('TapHis', '1.0.0', 'Fails for him', '{"type": "object"}', true, true);
-- All in one day and one slot, each so many seconds ago.
insert into chat.function_executions
  (user_id, skill_name, skill_version, status, error_kind, started_at, expires_at, finished_at)
select x.u::uuid, x.skill, '1.0.0', 'failed', x.kind, t.at, t.at + interval '1 hour', t.at + interval '1 ms'
  from (values ('019e0000-0000-7000-8000-00000000f6a1', 'TapHers', 'annas_mother', 5),
               ('019e0000-0000-7000-8000-00000000f6a2', 'TapHers', 'late', 9),
               ('019e0000-0000-7000-8000-00000000f6a1', 'TapHis', 'annas_father', 9),
               ('019e0000-0000-7000-8000-00000000f6a2', 'TapHis', 'late', 5)) as x (u, skill, kind, ago)
 cross join lateral (select date_trunc('day', now(), 'UTC') - make_interval(secs => x.ago) as at) t;
create function pg_temp.kinds() returns text language sql as $$
  select string_agg(concat_ws(' ', s.skill_name, s.runs, s.last_error_kind), ', ' order by s.skill_name)
    from chat.skill_stats s where s.skill_name in ('TapHers', 'TapHis')
$$;
select cmp_ok(core.fold_executions(1000), '>=', 4, 'four runs are added up');
select is(pg_temp.kinds(), 'TapHers 2 annas_mother, TapHis 2 late', 'each sum has the kind of the last');

update chat.user_skill_stats s set runs = s.runs where s.user_id = '019e0000-0000-7000-8000-00000000f6a1';
select is(pg_temp.kinds(), 'TapHers 2 annas_mother, TapHis 2 late', 'who still has it may have it');
set session authorization plinth_operator;
select is(api.erase_user('019e0000-0000-7000-8000-00000000f6a1'), true, 'one user is erased');
reset session authorization;
select is(pg_temp.kinds(), 'TapHers 2, TapHis 2 late', 'and so is the name that came from there; no other is');

select * from finish();
rollback;
