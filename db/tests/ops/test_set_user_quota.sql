-- api.set_user_quota: limits of one user, in place of those of the tier.
begin;
select plan(15);

select is(pg_get_function_arguments('api.set_user_quota'::regproc),
  'p_id text, p_requests_per_minute bigint DEFAULT NULL::bigint, p_requests_per_hour bigint DEFAULT '
  'NULL::bigint, p_requests_per_day bigint DEFAULT NULL::bigint, p_tokens_per_day bigint DEFAULT '
  'NULL::bigint', 'arguments');
select is(pg_get_function_result('api.set_user_quota'::regproc), 'SETOF core.limit_details', 'result');
select volatility_is('api', 'set_user_quota', array['text', 'bigint', 'bigint', 'bigint', 'bigint'], 'volatile');
select is_definer('api', 'set_user_quota', array['text', 'bigint', 'bigint', 'bigint', 'bigint']);
select function_owner_is('api', 'set_user_quota',
  array['text', 'bigint', 'bigint', 'bigint', 'bigint'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.set_user_quota'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_user_quota'::regproc;

\set anna 019e0000-0000-7000-8000-000000011b11
\set ben 019e0000-0000-7000-8000-000000011b12
insert into auth.users (id, username, email) values
  (:'anna', 'tap_suq_anna', 'tap_suq_anna@example.org'), (:'ben', 'tap_suq_ben', 'tap_suq_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_suq', 'planted', '["limits:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_suq');

set session authorization plinth_web;
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.set_user_quota('tap_suq_ben', 5) $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select api.set_user_quota('tap_suq_ben', 5) $$, 'NP001', 'This needs the permission limits:manage',
  'not for everybody');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select l.kind, l.name, l.requests_per_minute, l.requests_per_hour, l.requests_per_day, l.tokens_per_day, l.version
       from api.set_user_quota('tap_suq_ben', 5, p_tokens_per_day => 0) l $$,
  format($$ values ('user', %L, 5::bigint, null::bigint, null::bigint, 0::bigint, 1) $$, :'ben'),
    'what is left out is as the tier has it');
select results_eq($$ select l.requests_per_minute, l.requests_per_day, l.version from api.set_user_quota('tap_suq_ben@example.org',
                       p_requests_per_day => 7) l $$, $$ values (null::bigint, 7::bigint, 2) $$, 'all is set anew');
select throws_ok($$ select api.set_user_quota('tap_suq_nobody', 5) $$, 'NF001', null, 'no such account');
select throws_ok($$ select api.set_user_quota('tap_suq_ben', -5) $$, 'VL001', null, 'less than none');
reset session authorization;
select results_eq(
  format($$ select a.action, a.actor_id from ops.audit_logs a where a.entity_type = 'ops.user_quotas' and a.user_id = %L
             order by a.id $$, :'ben'),
  format($$ values ('insert', %L::uuid), ('update', %1$L) $$, :'anna'), 'the trail tells who did it');
select is((core.rate_subjects(:'ben', null, null, '', '{1,2,3,4}')).limits, '{1,2,7,4}', 'and it counts');

select * from finish();
rollback;
