-- api.list_function_executions: the callers runs of skills, newest first.
begin;
select plan(26);

select is(pg_get_function_arguments('api.list_function_executions'::regproc),
  'p_user_id uuid, p_name text DEFAULT NULL::text, p_status text DEFAULT NULL::text, p_conversation_id '
  'uuid DEFAULT NULL::uuid, p_plan_id uuid DEFAULT NULL::uuid, p_time_from timestamp with time zone '
  'DEFAULT NULL::timestamp with time zone, p_time_to timestamp with time zone DEFAULT NULL::timestamp '
  'with time zone, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_function_executions'::regproc),
  'TABLE(id uuid, skill_name text, skill_version text, status text, error_kind text, error_message '
  'text, conversation_id uuid, message_id uuid, plan_id uuid, step integer, attempt integer, '
  'started_at timestamp with time zone, expires_at timestamp with time zone, finished_at timestamp '
  'with time zone, duration_ms numeric, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}',
            'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_function_executions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_function_executions'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050a01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050a02'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000050a' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050a01', 'tap_skills0a_anna', 'tap_skills0a_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050a02', 'tap_skills0a_ben', 'tap_skills0a_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false),
  ('TapOld', '1.0.0', 'Did something once', '{"type": "object"}', false, false);
insert into chat.planner_executions (user_id, id, goal) values
  (pg_temp.anna(), pg_temp.id('31'), 'mine'), (pg_temp.ben(), pg_temp.id('32'), 'not mine');

insert into chat.conversations (user_id, id, title) values (pg_temp.anna(), pg_temp.id('11'), 'mine'),
  (pg_temp.ben(), pg_temp.id('12'), 'not mine'), (pg_temp.anna(), pg_temp.id('13'), 'other');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (pg_temp.anna(), pg_temp.id('21'), pg_temp.id('11'), 'user', 'hello'), (pg_temp.ben(), pg_temp.id('22'),
    pg_temp.id('12'), 'user', 'hello');

insert into chat.function_executions (user_id, id, skill_name, skill_version, status, conversation_id, started_at,
  expires_at,
                                      finished_at, error_kind)
select v.u::uuid, base.first_id(now() - v.ago), v.skill, '1.0.0', v.status, v.c::uuid, now() - v.ago,
  now() + interval '1 hour',
       case when v.status <> 'running' then now() end, v.kind
  from (values
    (pg_temp.anna(), interval '4 days', 'TapEcho', 'succeeded', null, null),
    (pg_temp.anna(), interval '3 days', 'TapOff', 'failed', pg_temp.id('11'), 'lost'),
    (pg_temp.anna(), interval '2 days', 'TapEcho', 'failed', null, 'late'),
    (pg_temp.anna(), interval '1 days', 'TapEcho', 'running', pg_temp.id('11'), null),
    (pg_temp.ben(), interval '1 hour', 'TapEcho', 'succeeded', null, null)) as v (u, ago, skill, status, c, kind);
create function pg_temp.listed(p_user uuid, p_name text default null, p_status text default null,
  p_conversation uuid default null,
                               p_from timestamptz default null, p_to timestamptz default null,
                                 p_after text default null,
                               p_limit integer default 50)
returns text language sql volatile as $$
  select string_agg(extract(day from now() - l.started_at) || ' ' || l.status, ', ' order by l.n)
    from (select e.*, row_number() over () as n
            from api.list_function_executions(p_user, p_name, p_status, p_conversation, null, p_from, p_to, p_after,
              p_limit) e) l
$$;
set session authorization plinth_operator;

select is(pg_temp.listed(pg_temp.anna()), '1 running, 2 failed, 3 failed, 4 succeeded', 'newest first');
select is(pg_temp.listed(pg_temp.ben()), '0 succeeded', 'and only one''s own');
select is(pg_temp.listed(pg_temp.anna(), 'TapEcho'), '1 running, 2 failed, 4 succeeded', 'of a skill');
select is(pg_temp.listed(pg_temp.anna(), p_status => 'failed'), '2 failed, 3 failed', 'of a status');
select is(pg_temp.listed(pg_temp.anna(), p_conversation => pg_temp.id('11')), '1 running, 3 failed',
  'of a conversation');
select throws_ok($$ select pg_temp.listed(pg_temp.anna(), p_conversation => pg_temp.id('12')) $$, 'NF001',
  'There is no such conversation', 'not of another''s');
select is(pg_temp.listed(pg_temp.anna(), p_from => now() - interval '3 days', p_to => now() - interval '1 day'),
  '2 failed, 3 failed',
  'of a time, its end not included');
select is(pg_temp.listed(pg_temp.anna(), p_limit => 2), '1 running, 2 failed', 'a page');
select is(pg_temp.listed(pg_temp.anna(), p_after => base.first_id(now() - interval '2 days')::text),
  '3 failed, 4 succeeded', 'the next');
select throws_ok($$ select api.list_function_executions(pg_temp.anna(), p_status => 'done') $$, 'VL001',
  'status must be running, succeeded, failed, cancelled or timed_out', 'no such status');
select throws_ok($$ select api.list_function_executions(pg_temp.anna(), p_time_to => 'infinity') $$, 'VL001',
  'time_from and time_to must be times', 'no time');
create function pg_temp.field_of()
returns text language plpgsql as $$
declare
  v_field text;
begin
  perform api.list_function_executions(pg_temp.anna(), p_time_to => 'infinity');
  return null;
exception when others then
  get stacked diagnostics v_field = column_name;
  return v_field;
end $$;
select is(pg_temp.field_of(), 'time_to', 'by name');
select throws_ok($$ select api.list_function_executions(pg_temp.anna(), p_conversation_id => base.new_id()) $$, 'NF001',
                 'There is no such conversation', 'no such conversation');
select throws_ok(format('select api.list_function_executions(%L, p_plan_id => %L)', pg_temp.anna(), i), 'NF001',
                 'There is no such plan', w)
  from (values (pg_temp.id('32'), 'not another''s plan'), (pg_temp.id('33'), 'nor one that is not there')) as x (i, w);
select is_empty($$ select api.list_function_executions(pg_temp.anna(), p_plan_id => pg_temp.id('31')) $$,
                'an own one that nothing ran for');
reset session authorization;
insert into chat.planner_executions (user_id, id, goal) values (pg_temp.anna(), pg_temp.id('34'), 'hers, too');
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, arguments, needs, max_attempts) values
  (pg_temp.anna(), pg_temp.id('34'), 1, 'one', 'TapEcho', '1.0.0', '{"text": "1"}', '{}', 1);
update chat.function_executions set plan_id = pg_temp.id('34'), step = 1, attempt = 1
 where user_id = pg_temp.anna() and error_kind = 'late';
set session authorization plinth_operator;
select is(array(select l.error_kind from api.list_function_executions(pg_temp.anna(), p_plan_id => pg_temp.id('34')) l), '{late}',
          'and one that something ran for');
select throws_ok($$ select api.list_function_executions(pg_temp.anna(), 'TapNone') $$, 'NF001', 'There is no skill TapNone',
                 'no such skill');
select is_empty($$ select api.list_function_executions(pg_temp.anna(), 'TapOld') $$, 'one without a current version');
select throws_ok($$ select api.list_function_executions(pg_temp.anna(), p_after => 'x') $$, 'VL001',
  'after must be the "next" of an earlier answer', 'no place');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.list_function_executions(pg_temp.anna()) $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_function_executions(pg_temp.anna()) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
