-- api.verify_skill_statistics: recounts the statistics of skills.
begin;
select plan(17);

select is(pg_get_function_arguments('api.verify_skill_statistics'::regproc),
  'p_from date DEFAULT NULL::date, p_to date DEFAULT NULL::date, p_after text DEFAULT NULL::text, '
  'p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.verify_skill_statistics'::regproc),
  'TABLE(sums text, key text, kept jsonb, counted jsonb, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.verify_skill_statistics'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.verify_skill_statistics'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051a01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051a02'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051a01', 'tap_skills1a_anna', 'tap_skills1a_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051a02', 'tap_skills1a_ben', 'tap_skills1a_ben@example.org');
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

insert into auth.roles (name, description, permissions) values ('tap_verify_skills', 'planted', '["usage:read"]');
insert into auth.user_roles (user_id, role) values (pg_temp.anna(), 'tap_verify_skills');
create function pg_temp.wrong(p_from integer, p_to integer) returns text language sql as $$
  select string_agg(distinct case when v.key ~ 'TapOff' then 'TapOff' else 'ben' end, ' ')
    from api.verify_skill_statistics((now() at time zone 'UTC')::date - p_from, (now() at time zone 'UTC')::date - p_to) v
   where v.key ~ 'TapOff' or v.key ~ '^019e0000-0000-7000-8000-000000051a02'
$$;
select set_config('plinth.caller', '019e0000-0000-7000-8000-000000051a01', true);
set session authorization plinth_web;
select is_empty('select api.verify_skill_statistics()', 'what waits counts');
select is_empty($$ select api.verify_skill_statistics(d, d) from (select (now() at time zone 'UTC')::date - n as d
                     from generate_series(0, 2) n) x $$, 'on each of its days');
reset session authorization;
select cmp_ok(core.fold_executions(1000), '>=', 7, 'it is added up');
set session authorization plinth_web;
select is_empty('select api.verify_skill_statistics()', 'which changes nothing');
select is_empty($$ select api.verify_skill_statistics(d, d) from (select (now() at time zone 'UTC')::date - n as d
                     from generate_series(0, 2) n) x $$, 'on no day');
reset session authorization;
update chat.user_skill_stats set runs = runs + 1 where user_id = pg_temp.ben();
delete from chat.skill_stats s where s.skill_name = 'TapOff';
set session authorization plinth_web;
select results_eq($$ select v.sums, v.key like '%2%', v.kept -> 'runs', v.counted -> 'runs'
                       from api.verify_skill_statistics() v
                         where v.key ~ 'TapOff' or v.key ~ '^019e0000-0000-7000-8000-000000051a02' order by 1 $$,
  $$ values ('all', true, 'null'::jsonb, '1'::jsonb), ('user', true, '2', '1') $$, 'what is wrong is found');
select is(pg_temp.wrong(null, 1), 'TapOff', 'until yesterday');
select is(pg_temp.wrong(39, null), 'ben', 'since the day after');
select is(pg_temp.wrong(40, 40), 'TapOff', 'on the day');
select is(pg_temp.wrong(39, 1), null, 'in between nothing is');
reset session authorization;
select set_config('plinth.caller', '019e0000-0000-7000-8000-000000051a02', true);
set session authorization plinth_web;
select throws_ok('select api.verify_skill_statistics()', 'NP001', 'This needs the permission usage:read',
  'not without the permission');
select set_config('plinth.caller', '', true);
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.verify_skill_statistics() $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.verify_skill_statistics() $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
