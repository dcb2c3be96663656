-- api.record_usages: up to 1,000 reports at once.
begin;
select plan(18);

select is(pg_get_function_arguments('api.record_usages'::regproc),
  'p_user_id uuid, p_events jsonb', 'arguments');
select is(pg_get_function_result('api.record_usages'::regproc),
  'TABLE(recorded bigint, duplicates bigint)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.record_usages'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.record_usages'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7301', 'tap_u3_anna', 'tap_u3_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a7302', 'tap_u3_ben', 'tap_u3_ben@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7301'::uuid $$;
create function pg_temp.ben() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7302'::uuid $$;

create function pg_temp.events(p_count integer) returns jsonb language sql as $$
  select jsonb_agg(jsonb_build_object('model', 'm' || n % 3, 'tokens_in', n, 'event_id', 'e-' || n, 'cost', 0.01))
    from generate_series(1, p_count) n
$$;

select set_config('plinth.caller', pg_temp.anna()::text, true);
select results_eq($$ select * from record_usages(pg_temp.anna(), pg_temp.events(600)) $$,
                  $$ values (600::bigint, 0::bigint) $$, 'all are new');
select results_eq($$ select * from record_usages(pg_temp.anna(), pg_temp.events(1000)) $$,
                  $$ values (400::bigint, 600::bigint) $$, 'what was counted before is passed over');
select results_eq(
  $$ select sum(m.calls), sum(m.tokens_in), sum(m.cost) from analytics.api_metrics m
      where m.user_id = pg_temp.anna() $$,
  $$ values (1000::numeric, 500500::numeric, 10.00) $$, 'counted once each');

select throws_ok(format('select record_usages(%L, %s)', pg_temp.anna(), c.events), 'VL001',
                 'events must be a list of 1 to 1,000', c.events)
  from (values ($$'[]'$$), ('null'), ($$'{}'$$), ('pg_temp.events(1001)')) c (events);
select throws_ok($$ select record_usages(pg_temp.anna(), '[{"model": "x", "event_id": "n"}, {"mode": 1}]') $$,
                 'VL002', 'mode is not a field of this request', 'one that breaks a rule refuses all');
select throws_ok($$ select record_usages(pg_temp.anna(), '[{"event_id": "n"}]') $$, 'VL003',
                 'model is required', 'which model?');
select is_empty($$ select from ops.usage_events e where e.event_id = 'n' $$, 'nothing of it is counted');
select throws_ok($$ select record_usages(pg_temp.ben(), '[{"model": "x"}]') $$, 'NP001',
                 'A request acts for its own caller only', 'not in another user''s name');
update auth.users set status = 'suspended' where id = pg_temp.anna();
select throws_ok($$ select record_usages(pg_temp.anna(), '[{"model": "x"}]') $$, 'NF001',
                 'There is no such active account', 'an account that is not active reports nothing');
select throws_ok($$ select record_usages(pg_temp.anna(), '[{}]') $$, 'NF001', null, 'whatever it reports');
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok($$ select record_usages(pg_temp.ben(), '[{"model": "x"}]') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
