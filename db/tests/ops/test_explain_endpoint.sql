-- api.explain_endpoint: the plan of every query that an endpoint runs, under a user's identity.
begin;
select plan(44);

select is(pg_get_function_arguments('api.explain_endpoint'::regproc),
  'p_endpoint text, p_arguments jsonb DEFAULT ''{}''::jsonb, p_user uuid DEFAULT NULL::uuid, '
  'p_analyze boolean DEFAULT false, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 200', 'arguments');
select is(pg_get_function_result('api.explain_endpoint'::regproc),
  'TABLE(step integer, depth integer, function text, line integer, statement text, notes text[], '
  'plan_text text, plan jsonb, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.explain_endpoint'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.explain_endpoint'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000e901', 'tap_explain_anna', 'tap_explain_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000e902', 'tap_explain_ben', 'tap_explain_ben@example.org'),
  ('019e0000-0000-7000-8000-00000000e903', 'tap_explain_carl', 'tap_explain_carl@example.org');
insert into auth.users (id, username, email, status) values
  ('019e0000-0000-7000-8000-00000000e904', 'tap_explain_dora', 'tap_explain_dora@example.org', 'erased');
insert into auth.roles (name, description, permissions) values
  ('tap_explainer', 'Looks at plans', '["endpoints:explain"]'),
  ('tap_supporter', 'Looks at plans of others', '["endpoints:explain", "users:read"]');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000e901', 'tap_supporter'), ('019e0000-0000-7000-8000-00000000e902', 'tap_explainer'),
  ('019e0000-0000-7000-8000-00000000e903', 'user');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select '019e0000-0000-7000-8000-00000000e903', gen_random_uuid(), sha256(convert_to('t' || n, 'UTF8')),
       sha256(convert_to('r' || n, 'UTF8')), now() + interval '1 hour', now() + interval '1 day'
  from generate_series(1, 3) n;
\set anna 019e0000-0000-7000-8000-00000000e901
\set ben 019e0000-0000-7000-8000-00000000e902
\set carl 019e0000-0000-7000-8000-00000000e903

-- An operator in psql: by route, by name, by name with schema.
set session authorization plinth_operator;
create temp table by_route as select * from explain_endpoint('GET /v1/sessions', '{}', :'carl');
select is((select array_agg(distinct function) from by_route where depth = 0), array['api.list_sessions'],
          'a route is its function');
select is((select step from by_route where depth = 0 limit 1), 1, 'the function itself comes first');
select is((select array_agg(step order by step) from by_route), array(select generate_series(1, count(*)::integer) from by_route),
          'steps are numbered without a gap');
select set_eq($$ select step, statement from explain_endpoint('list_sessions', '{}', '019e0000-0000-7000-8000-00000000e903') $$,
              'select step, statement from by_route', 'a function is named without its schema');
select set_eq($$ select step, statement from explain_endpoint('api.list_sessions', '{}',
                                                              '019e0000-0000-7000-8000-00000000e903') $$,
              'select step, statement from by_route', 'and with it');
select ok(bool_and(plan ? 'Plan' and plan_text ~ 'cost=' and line > 0 and cursor = step::text), 'each step has its plan')
  from by_route;
select matches((select plan_text from by_route where step = 1), '019e0000-0000-7000-8000-00000000e903',
               'the user it is explained as stands in the plan');
select ok(exists (select from by_route where plan_text ~ 'base.current_user_id|plinth.caller|InitPlan'),
          'row policies are in the plan');

-- Values: given, left out, secret.
select matches(string_agg(plan::text, ' '), '''all that I am''::text', 'arguments are planned as given')
  from explain_endpoint('PATCH /v1/me', '{"bio": "all that I am"}', :'carl');
select matches(string_agg(plan_text, ' '), '\$1', 'what is not given is not known') from explain_endpoint('GET /v1/users/{id}');
select doesnt_match(string_agg(concat(plan_text, plan), ' '), 'Hidden@4711', 'a secret is not shown')
  from explain_endpoint('create_session', '{"login": "someone", "password": "Hidden@4711"}', :'carl');
select matches(string_agg(plan_text, ' '), '''%tapsearch%''', 'a variable that hangs on arguments only is worked out')
  from explain_endpoint('GET /v1/users', '{"search": " TapSearch "}');

-- Executed: reading, under the identity of that user.
select is((select plan #>> '{Plan,Actual Rows}' from explain_endpoint('list_sessions', '{}', :'carl', true)
            where depth = 0 and statement ~ '^return query')::numeric, 3::numeric, 'what carl sees is counted');
select is((select plan #>> '{Plan,Actual Rows}' from explain_endpoint('list_sessions', '{}', :'ben', true)
            where depth = 0 and statement ~ '^return query')::numeric, 0::numeric, 'and what ben sees');
select ok(bool_and(notes[1] = 'not executed: the function may write'), 'what a function that may write does is not executed')
  from explain_endpoint('DELETE /v1/sessions', '{}', :'carl', true) where function = 'core.end_sessions';
select is((select count(*) from auth.sessions where user_id = :'carl' and ended_at is null), 3::bigint, 'his sessions live');
select is(current_setting('transaction_read_only'), 'off', 'the transaction may write again');
select is(current_setting('plinth.caller', true), '', 'and nobody is the caller');

-- The trail.
select results_eq($$ select l.acting_role, l.user_id, l.entity_id, d.difference from ops.audit_logs l
                       join ops.audit_details d on d.audit_id = l.id
                      where l.action = 'endpoint.explained' order by l.id desc limit 1 $$,
                  $$ values ('plinth_operator', '019e0000-0000-7000-8000-00000000e903'::uuid, 'api.end_all_sessions',
                             '{"analyze": {"after": true}}'::jsonb) $$, 'the trail tells who looked, as whom, at what');

-- Page by page.
select results_eq($$ select step from explain_endpoint('create_team', '{"name": "x"}', p_after => '2', p_limit => 2) $$,
                  array[3, 4], 'a page goes on after the last one');
select throws_ok($$ select explain_endpoint('create_team', p_after => 'x') $$, 'VL001', null, 'after is a step');

select throws_ok($$ select explain_endpoint('GET /v1/nothing') $$, 'NF001',
                 'There is no such endpoint: name a route, such as GET /v1/me, or a function');
select throws_ok($$ select explain_endpoint('core.act_for') $$, 'NF001', null, 'a helper is no endpoint');
select throws_ok($$ select explain_endpoint('act_for') $$, 'NF001', null, 'by no name');
select throws_ok($$ select explain_endpoint(null) $$, 'NF001', null, 'NULL is none');
select throws_ok($$ select explain_endpoint('GET /v1/me', p_user => '019e0000-0000-7000-8000-00000000e9ff') $$, 'NF001',
                 'There is no such account, or it is erased');
select throws_ok($$ select explain_endpoint('GET /v1/me', p_user => '019e0000-0000-7000-8000-00000000e904') $$, 'NF001',
                 'There is no such account, or it is erased', 'nor one that is erased');
select throws_ok($$ select explain_endpoint('GET /v1/me', '[]') $$, 'VL001', null, 'arguments are an object');
select throws_ok($$ select explain_endpoint('GET /v1/me', null) $$, 'VL001', null, 'and not NULL');
select throws_ok($$ select explain_endpoint('GET /v1/me', '{"limit": 1}') $$, 'VL002', 'limit is not a field of this endpoint');
select throws_ok($$ select explain_endpoint('GET /v1/me', '{"user_id": "x"}') $$, 'VL002', null,
                 'the user is no field of a request');
select throws_ok($$ select explain_endpoint('GET /v1/me', p_analyze => true) $$, 'VL003', 'Name the user to analyze as');
select matches(notes::text, 'not planned: invalid input syntax for type uuid: \\"x''; drop table auth.users; --',
               'a value is a literal, whatever stands in it')
  from explain_endpoint('GET /v1/users/{id}', '{"id": "x''; drop table auth.users; --"}') where depth = 0;

-- Callers: who may, as whom.
select set_config('plinth.caller', :'ben', true);
select lives_ok($$ select explain_endpoint('GET /v1/me') $$, 'with the permission, as oneself');
select throws_ok(format('select explain_endpoint(%L, p_user => %L)', 'GET /v1/me', :'carl'), 'NP001',
                 'This needs the permission users:read', 'not as another user');
select set_config('plinth.caller', :'anna', true);
select lives_ok(format('select explain_endpoint(%L, p_user => %L)', 'GET /v1/me', :'carl'),
                'who sees every account may, as another user');
select throws_ok($$ select explain_endpoint('GET /v1/me', p_analyze => true) $$, 'NP001', 'This needs the permission *',
                 'what is executed is for who may do everything');
select is(current_setting('plinth.caller', true), :'anna', 'the caller is the caller again');
select set_config('plinth.caller', :'carl', true);
select throws_ok($$ select explain_endpoint('GET /v1/me') $$, 'NP001', 'This needs the permission endpoints:explain');
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok($$ select api.explain_endpoint('GET /v1/me') $$, 'UN001', 'Nobody is signed in');
reset session authorization;

select * from finish();
rollback;
