-- api.remove_user_quota: back to the limits of the tier.
begin;
select plan(14);

select is(pg_get_function_arguments('api.remove_user_quota'::regproc), 'p_id text', 'arguments');
select is(pg_get_function_result('api.remove_user_quota'::regproc), 'void', 'result');
select volatility_is('api', 'remove_user_quota', array['text'], 'volatile');
select is_definer('api', 'remove_user_quota', array['text']);
select function_owner_is('api', 'remove_user_quota', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.remove_user_quota'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.remove_user_quota'::regproc;

\set anna 019e0000-0000-7000-8000-000000011b21
\set ben 019e0000-0000-7000-8000-000000011b22
insert into auth.users (id, username, email) values
  (:'anna', 'tap_ruq_anna', 'tap_ruq_anna@example.org'), (:'ben', 'tap_ruq_ben', 'tap_ruq_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_ruq', 'planted', '["limits:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_ruq');

insert into ops.user_quotas (user_id, requests_per_minute) values (:'ben', 5);

set session authorization plinth_web;
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.remove_user_quota('tap_ruq_ben') $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select api.remove_user_quota('tap_ruq_ben') $$, 'NP001', 'This needs the permission limits:manage',
  'not for everybody');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select lives_ok($$ select api.remove_user_quota('tap_ruq_ben') $$, 'who may');
select lives_ok($$ select api.remove_user_quota('tap_ruq_ben') $$, 'again is no error');
select throws_ok($$ select api.remove_user_quota('tap_ruq_nobody') $$, 'NF001', null, 'no such account');
reset session authorization;
select is_empty(format('select from ops.user_quotas where user_id = %L', :'ben'), 'it is gone');
select isnt_empty(format($$ select from ops.audit_logs a where a.entity_type = 'ops.user_quotas' and a.user_id = %L
                              and a.action = 'delete' $$, :'ben'), 'the trail tells');

select * from finish();
rollback;
