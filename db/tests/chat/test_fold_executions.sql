-- core.fold_executions: adds runs of skills that ended to the sums.
begin;
select plan(10);

select is(pg_get_function_arguments('core.fold_executions'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.fold_executions'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.fold_executions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.fold_executions'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051b01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051b02'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051b01', 'tap_skills1b_anna', 'tap_skills1b_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051b02', 'tap_skills1b_ben', 'tap_skills1b_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

insert into chat.function_executions (user_id, skill_name, skill_version, status, started_at, expires_at,
  finished_at, error_kind)
select v.u::uuid, v.skill, v.version, v.status, v.at, v.at + interval '1 hour',
  v.at + v.ms * interval '1 millisecond', v.kind
  from (select x.*, date_trunc('day', now(), 'UTC') - x.days * interval '1 day' + interval '1 hour' as at
          from (values
            (pg_temp.anna(), 'TapEcho', '1.0.0', 'succeeded', 0, 100, null), (pg_temp.anna(), 'TapEcho', '1.0.0',
              'succeeded', 0, 300, null),
            (pg_temp.anna(), 'TapEcho', '2.0.0-rc.1', 'failed', 1, 4000, 'late'), (pg_temp.anna(), 'TapEcho',
              '1.0.0', 'timed_out', 2, 9000, 'timed_out'),
            (pg_temp.anna(), 'TapEcho', '1.0.0', 'cancelled', 0, 50, null), (pg_temp.anna(), 'TapOff', '1.0.0',
              'failed', 40, 10, 'old'),
            (pg_temp.ben(), 'TapEcho', '1.0.0', 'failed', 0, 10, 'lost')) as x (u, skill, version, status, days, ms,
              kind)) v;

select is(core.fold_executions(3), 3, 'at most so many');
select is((select count(*)::integer from chat.unfolded_executions u where u.user_id in (pg_temp.anna(),
  pg_temp.ben())), 4, 'the others wait')
 where (select count(*) from chat.unfolded_executions) = 4;
select cmp_ok(core.fold_executions(1000), '>=', 4, 'and come next');
select results_eq(
  $$ select s.status, s.from_us, s.below_us, sum(s.runs)::integer, sum(s.duration_us)::integer,
    max(s.slowest_us)::integer, max(s.last_error_kind)
       from chat.user_skill_stats s where s.user_id in (pg_temp.anna(), pg_temp.ben())
         and s.skill_name = 'TapEcho' group by 1, 2, 3 order by 1, 2 $$,
  $$ values ('cancelled', 50000::bigint, 100000::bigint, 1, 50000, 50000, null), ('failed', 10000, 20000, 1, 10000,
    10000, 'lost'),
            ('failed', 3000000, 5000000, 1, 4000000, 4000000, 'late'), ('succeeded', 100000, 200000, 1, 100000,
              100000, null),
            ('succeeded', 200000, 350000, 1, 300000, 300000, null), ('timed_out', 7500000, 10000000, 1, 9000000,
              9000000, 'timed_out') $$,
  'each in its slot');
select is_empty(
  $$ select s.day, s.skill_name, s.skill_version, s.status, s.from_us, sum(s.runs)
    from chat.user_skill_stats s group by 1, 2, 3, 4, 5
     except select s.day, s.skill_name, s.skill_version, s.status, s.from_us, s.runs from chat.skill_stats s $$,
  'those of everybody are the sum of those of users');
select is(core.fold_executions(1000), 0, 'nothing is left');

select * from finish();
rollback;
