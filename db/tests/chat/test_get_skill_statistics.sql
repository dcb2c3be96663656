-- api.get_skill_statistics: how the callers runs of skills went.
begin;
select plan(18);

select is(pg_get_function_arguments('api.get_skill_statistics'::regproc),
  'p_user_id uuid, p_name text DEFAULT NULL::text, p_from date DEFAULT NULL::date, p_to date DEFAULT '
  'NULL::date, p_by text DEFAULT ''skill''::text, p_after text DEFAULT NULL::text, p_limit integer '
  'DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.get_skill_statistics'::regproc),
  'TABLE(key text, runs bigint, succeeded bigint, failed bigint, timed_out bigint, cancelled bigint, '
  'success_rate numeric, average_ms numeric, p50_ms numeric, p95_ms numeric, slowest_ms numeric, '
  'last_error_kind text, last_error_at timestamp with time zone, last_run_at timestamp with time zone, '
  'cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}',
            'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_skill_statistics'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_skill_statistics'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051901'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051902'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051901', 'tap_skills19_anna', 'tap_skills19_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051902', 'tap_skills19_ben', 'tap_skills19_ben@example.org');
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

create function pg_temp.told(p_by text, p_from date default null,
  p_name text default null) returns text language sql volatile as $$
  select string_agg(concat_ws(' ', s.key, s.runs, s.succeeded, s.failed, s.timed_out, s.cancelled, s.success_rate,
    s.average_ms,
                              s.slowest_ms, s.last_error_kind), '; ' order by s.key)
    from api.get_skill_statistics(pg_temp.anna(), p_by => p_by, p_from => p_from, p_name => p_name) s
$$;
set session authorization plinth_operator;

select is(pg_temp.told('skill'), 'TapEcho 5 2 1 1 1 0.5000 1466.667 4000.000 late', 'by skill, in the last 30 days');
select is(pg_temp.told('version'),
  'TapEcho 1.0.0 4 2 0 1 1 0.6667 200.000 300.000 timed_out; '
  'TapEcho 2.0.0-rc.1 1 0 1 0 0 0.0000 4000.000 4000.000 late', 'by version');
select is((select count(*) from api.get_skill_statistics(pg_temp.anna(), p_by => 'day')), 3::bigint, 'by day');
select is((select count(*) from api.get_skill_statistics(pg_temp.anna(), p_by => 'day', p_limit => 2)), 2::bigint,
  'a page');
select is(pg_temp.told('skill', (now() - interval '90 days')::date, 'TapOff'),
  'TapOff 1 0 1 0 0 0.0000 10.000 10.000 old',
  'of one skill, longer ago');
select ok(s.p50_ms between 200 and 350 and s.p95_ms between 3000 and 4000,
  'percentiles lie in the slot of the true value')
  from api.get_skill_statistics(pg_temp.anna()) s;
reset session authorization;

select cmp_ok(core.fold_executions(1000), '>=', 7, 'they are added up');
set session authorization plinth_operator;

select is(pg_temp.told('skill'), 'TapEcho 5 2 1 1 1 0.5000 1466.667 4000.000 late', 'which changes nothing');
select throws_ok($$ select api.get_skill_statistics(pg_temp.anna(), p_by => 'user') $$, 'VL001',
  'by must be skill, version or day', 'by no user');
select throws_ok($$ select api.get_skill_statistics(pg_temp.anna(), p_from => '2020-01-01') $$, 'VL001',
  'from must be at most 365 days before to', 'too long');
select throws_ok($$ select api.get_skill_statistics(pg_temp.anna(), p_to => 'infinity') $$, 'VL001',
  'from and to must be days', 'no day');
select throws_ok($$ select api.get_skill_statistics(pg_temp.anna(), p_from => '-infinity') $$, 'VL001',
  'from and to must be days', 'nor for ever');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.get_skill_statistics(pg_temp.anna()) $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.get_skill_statistics(pg_temp.anna()) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
