-- core.add_usage_events: reports of applications, each counted once, where it happened.
begin;
select plan(40);

select is(pg_get_function_arguments('core.add_usage_events'::regproc),
  'p_user_id uuid, p_events jsonb, p_path text DEFAULT ''''::text', 'arguments');
select is(pg_get_function_result('core.add_usage_events'::regproc),
  'TABLE(id uuid, event_id text, duplicate boolean)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.add_usage_events'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.add_usage_events'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
delete from ops.usage_events;
delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7101', 'tap_u1_anna', 'tap_u1_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a7102', 'tap_u1_ben', 'tap_u1_ben@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7101'::uuid $$;
create function pg_temp.ben() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7102'::uuid $$;

set local role plinth_owner;
select set_config('plinth.caller', pg_temp.anna()::text, true);
select set_config('plinth.context', E's\x1fr-1\x1f\x1f', true);

select results_eq(
  $$ select e.event_id, e.duplicate from core.add_usage_events(pg_temp.anna(),
       '[{"model": "m", "tokens_in": 10, "tokens_out": 5, "cost": 0.000000000001, "event_id": "b", "metadata": {"x": 1}},
         {"model": "m", "event_id": "a", "cost": "12.5"}, {"model": "m", "event_id": "b", "tokens_in": 99}]') e $$,
  $$ values ('b', false), ('a', false), ('b', true) $$, 'in their order; one that comes twice counts once');
select results_eq(
  $$ select u.model, u.tokens_in, u.tokens_out, u.cost, u.method, u.route, u.request_id, u.status, u.at from ops.api_usage u
      order by u.cost $$,
  $$ values ('m', 10::bigint, 5::bigint, 0.000000000001, 'POST', '/v1/usage', 'r-1', null::smallint, now()),
            ('m', 0, 0, 12.5, 'POST', '/v1/usage', 'r-1', null, now()) $$, 'the first one stays, exact to the last decimal');
select results_eq($$ select e.metadata from ops.usage_events e order by e.event_id $$,
  $$ values ('{}'::jsonb), ('{"x": 1}') $$, 'with what was said about it');
select ok(bool_and(e.duplicate), 'another time all are duplicates')
  from core.add_usage_events(pg_temp.anna(), '[{"model": "x", "event_id": "a"}, {"model": "x", "event_id": "b"}]') e;
select is((select e.id from core.add_usage_events(pg_temp.anna(), '[{"model": "x", "event_id": "a"}]') e),
          (select e.usage_id from ops.usage_events e where e.event_id = 'a'), 'and tell the id of the first');
select is((select count(*) from ops.api_usage), 2::bigint, 'nothing was added');
select is((select e.event_id = e.id::text and not e.duplicate
             from core.add_usage_events(pg_temp.anna(), '[{"model": "x"}]') e), true,
          'without an event_id each is new, and named by its id');

-- Late ones.
select is((select count(*) from core.add_usage_events(pg_temp.anna(), jsonb_build_array(
  jsonb_build_object('model', 'late', 'at', now() - interval '34 days 23 hours', 'tokens_in', 1000),
  jsonb_build_object('model', 'late', 'at', now() + interval '4 minutes'),
  jsonb_build_object('model', 'late', 'at', now() - interval '1 day', 'tokens_in', 100)))), 3::bigint, 'late, and a little ahead');
select results_eq(
  $$ select u.at, u.id >= base.first_id(u.at) and u.id < base.first_id(u.at + interval '1 millisecond'),
            u.tableoid::regclass::text = 'ops.api_usage_' || to_char(u.at at time zone 'UTC', 'YYYY_MM_DD')
       from ops.api_usage u where u.model = 'late' order by u.at $$,
  $$ values (now() - interval '34 days 23 hours', true, true), (now() - interval '1 day', true, true), (now(), true, true) $$,
  'each in the partition of its day; nothing is in the future');
select results_eq(
  $$ select q.scope, q.used from api.get_quotas(pg_temp.anna()) q where q.unit = 'tokens' $$,
  $$ values ('user', 15::bigint) $$, 'tokens count against those of the day, once; not those of a month ago');
reset role;
select results_eq(
  $$ select s.model_uses, s.calls, s.active_users from analytics.daily_stats s order by s.day $$,
  $$ values (1::bigint, 0::bigint, 1::bigint), (1, 0, 1), (4, 0, 1) $$, 'each is counted in its day');
set local role plinth_owner;
select lives_ok(format('select core.add_usage_events(%L, %L)', pg_temp.anna(), jsonb_build_array(e.event)), e.what)
  from (values (jsonb_build_object('model', 'm', 'metadata', jsonb_build_object('a', repeat('b', 3991))), 'as much as may be'),
               (jsonb_build_object('model', 'm', 'at', now() + interval '5 minutes'), 'as far ahead'),
               (jsonb_build_object('model', 'm', 'at', now() - interval '35 days'), 'as late')) e (event, what);
select throws_ok(format('select core.add_usage_events(%L, %L)', pg_temp.anna(),
                        jsonb_build_array(jsonb_build_object('model', 'm',
                                                             'metadata', jsonb_build_object('a', repeat('b', 3992))))),
                 'VL001', 'metadata must be an object of at most 4,000 characters', 'and no more');

-- Another user's events are others.
select set_config('plinth.caller', pg_temp.ben()::text, true);
select is((select e.duplicate from core.add_usage_events(pg_temp.ben(), '[{"model": "x", "event_id": "a"}]') e),
          false, 'an event_id is one of its user');
select throws_ok($$ select core.add_usage_events(pg_temp.anna(), '[{"model": "x", "event_id": "c"}]') $$,
                 '42501', null, 'row-level security refuses another user');

select throws_ok(format('select core.add_usage_events(%L, %L, %L)', pg_temp.ben(), '[{"model": "ok"}, ' || c.event || ']',
                        'events[%s].'), c.code, c.message, c.message || ': ' || c.event)
  from (values
    ('7', 'VL001', 'a report must be an object'),
    ('{"model": "m", "prompt": "x"}', 'VL002', 'prompt is not a field of this request'),
    ('{"tokens_in": 1}', 'VL003', 'model is required'),
    ('{"model": null}', 'VL003', 'model is required'),
    ('{"model": 7}', 'VL001', 'model must have 1 to 100 letters, digits, or . _ : / @ + -'),
    ('{"model": ""}', 'VL001', 'model must have 1 to 100 letters, digits, or . _ : / @ + -'),
    ('{"model": "m", "tokens_in": -1}', 'VL001', 'tokens_in must be a whole number from 0 to 99999999'),
    ('{"model": "m", "tokens_out": "1"}', 'VL001', 'tokens_out must be a whole number from 0 to 99999999'),
    ('{"model": "m", "tokens_in": 100000000}', 'VL001', 'tokens_in must be a whole number from 0 to 99999999'),
    ('{"model": "m", "tokens_in": 1.5}', 'VL001', 'tokens_in must be a whole number from 0 to 99999999'),
    ('{"model": "m", "cost": -0.1}', 'VL001', 'cost must be a number, not negative, of at most 12 decimals'),
    ('{"model": "m", "cost": 0.0000000000001}', 'VL001', 'cost must be a number, not negative, of at most 12 decimals'),
    ('{"model": "m", "event_id": ""}', 'VL001', 'event_id must have 1 to 200 characters and no control characters'),
    ('{"model": "m", "metadata": []}', 'VL001', 'metadata must be an object of at most 4,000 characters'),
    ('{"model": "m", "at": "yesterday"}', 'VL001', 'at must be a time like 2026-01-31T12:00:00Z'),
    ('{"model": "m", "at": "2026-02-01 12:00 Nowhere/Else"}', 'VL001', 'at must be a time like 2026-01-31T12:00:00Z'),
    ('{"model": "m", "at": "2026-02-31"}', 'VL001', 'at must be a time like 2026-01-31T12:00:00Z'),
    ('{"model": "m", "at": "9999-01-01"}', 'VL001', 'at must not be in the future'),
    ('{"model": "m", "at": "2020-01-01"}', 'VL001', 'at must be within the last 35 days')) c (event, code, message);
reset role;

select * from finish();
rollback;
