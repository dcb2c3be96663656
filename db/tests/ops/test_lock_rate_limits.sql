-- core.lock_rate_limits: rows that are not there are made, all are locked.
begin;
select plan(12);

select is(pg_get_function_arguments('core.lock_rate_limits'::regproc), 'p_subjects text[], p_users uuid[]', 'arguments');
select is(pg_get_function_result('core.lock_rate_limits'::regproc), 'void', 'result');
select volatility_is('core', 'lock_rate_limits', array['text[]', 'uuid[]'], 'volatile');
select isnt_definer('core', 'lock_rate_limits', array['text[]', 'uuid[]']);
select function_owner_is('core', 'lock_rate_limits', array['text[]', 'uuid[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.lock_rate_limits'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.lock_rate_limits'::regproc;

\set anna 019e0000-0000-7000-8000-000000011a21
\set ben 019e0000-0000-7000-8000-000000011a22
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_lock_anna', 'tap_lock_anna@example.org', 'free'), (:'ben', 'tap_lock_ben', 'tap_lock_ben@example.org', 'pro');

insert into ops.rate_limit_tracking (subject, last_used_on) values ('address:192.0.2.2', '2020-01-01');
select lives_ok(format('select core.lock_rate_limits(%L, %L)', array['user:' || :'anna', 'address:192.0.2.2', 'address:192.0.2.2'],
                       array[:'anna', null, null]::uuid[]), 'some are there');
select results_eq($$ select t.subject, t.user_id from ops.rate_limit_tracking t where t.subject ~ '192.0.2.2|1a21' order by 1 $$,
                  $$ values ('address:192.0.2.2', null::uuid), ('user:019e0000-0000-7000-8000-000000011a21',
                             '019e0000-0000-7000-8000-000000011a21') $$, 'then all are, once');
select is(t.last_used_on, '2020-01-01', 'what was there is as it was') from ops.rate_limit_tracking t
 where t.subject = 'address:192.0.2.2';
select isnt_empty($$ select from ops.rate_limit_tracking t where t.subject = 'address:192.0.2.2' and t.xmax::text::bigint > 0 $$,
                  'and locked');
select lives_ok($$ select core.lock_rate_limits('{}', '{}') $$, 'none is no error');

select * from finish();
rollback;
