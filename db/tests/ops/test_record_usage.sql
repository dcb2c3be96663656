-- api.record_usage: an application reports that it used a model.
begin;
select plan(17);

select is(pg_get_function_arguments('api.record_usage'::regproc),
  'p_user_id uuid, p_model text, p_tokens_in bigint DEFAULT 0, p_tokens_out bigint DEFAULT 0, p_cost numeric DEFAULT 0, '
  'p_event_id text DEFAULT NULL::text, p_at timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_metadata jsonb DEFAULT ''{}''::jsonb', 'arguments');
select is(pg_get_function_result('api.record_usage'::regproc),
  'TABLE(id uuid, event_id text, duplicate boolean)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.record_usage'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.record_usage'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7201', 'tap_u2_anna', 'tap_u2_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a7202', 'tap_u2_ben', 'tap_u2_ben@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7201'::uuid $$;
create function pg_temp.ben() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7202'::uuid $$;

select set_config('plinth.caller', pg_temp.anna()::text, true);
select results_eq(
  $$ select r.event_id, r.duplicate from record_usage(pg_temp.anna(), 'gpt', 100, 20, 0.0000012, 'e-1',
                                                      now() - interval '1 hour', '{"run": 7}') r $$,
  $$ values ('e-1', false) $$, 'it is taken');
select results_eq(
  $$ select u.at, u.model, u.tokens_in, u.tokens_out, u.cost, e.metadata from ops.api_usage u
       join ops.usage_events e on e.user_id = u.user_id and e.usage_id = u.id
      where u.user_id = pg_temp.anna() $$,
  $$ values (now() - interval '1 hour', 'gpt', 100::bigint, 20::bigint, 0.0000012, '{"run": 7}'::jsonb) $$, 'as it was told');
select is(r.duplicate, true, 'again: done already')
  from record_usage(pg_temp.anna(), 'gpt', 100, 20, 0.0000012, 'e-1') r;
select is((select count(*) from ops.api_usage u where u.user_id = pg_temp.anna()), 1::bigint, 'counted once');
select is(r.duplicate, false, 'a model is enough') from record_usage(pg_temp.anna(), 'gpt') r;
select results_eq(
  $$ select m.calls, m.tokens_in, m.cost from analytics.api_metrics m
      where m.user_id = pg_temp.anna() and m.model = 'gpt' order by m.hour $$,
  $$ values (1::bigint, 100::bigint, 0.0000012), (1, 0, 0) $$, 'each in its hour');

select throws_ok($$ select record_usage(pg_temp.anna(), null) $$, 'VL003', 'model is required', 'which model?');
select throws_ok($$ select record_usage(pg_temp.anna(), 'm', -1) $$, 'VL001',
                 'tokens_in must be a whole number from 0 to 99999999', 'no negative tokens');
select throws_ok($$ select record_usage(pg_temp.ben(), 'm') $$, 'NP001',
                 'A request acts for its own caller only', 'not in another user''s name');
update auth.users set status = 'suspended' where id = pg_temp.anna();
select throws_ok($$ select record_usage(pg_temp.anna(), 'm') $$, 'NF001',
                 'There is no such active account', 'an account that is not active reports nothing');
select set_config('plinth.caller', '', true);

set session authorization plinth_operator;
select is(r.duplicate, false, 'an operator reports for whom it names') from record_usage(pg_temp.ben(), 'm') r;
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select record_usage(pg_temp.ben(), 'm') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select record_usage(pg_temp.ben(), 'm') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
