-- api.get_flag_details: a flag, whole.
begin;
select plan(14);

select is(pg_get_function_arguments('api.get_flag_details'::regproc),
  'p_key text', 'arguments');
select is(pg_get_function_result('api.get_flag_details'::regproc),
  'SETOF core.flag_details', 'result');
select volatility_is('api', 'get_flag_details', array['text'], 'stable');
select is_definer('api', 'get_flag_details', array['text']);
select function_owner_is('api', 'get_flag_details', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_flag_details'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_flag_details'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa81
\set ben 019e0000-0000-7000-8000-00000000fa82
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga8_anna', 'tap_flaga8_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga8_ben', 'tap_flaga8_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga8_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga8_chief');

insert into ops.flags (key, rules) values ('tap_a', '[{"roles": ["developer"]}]');
select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq($$ select d.key, d.state, d.rules, d.version from api.get_flag_details('tap_a') d $$,
  $$ values ('tap_a', 'off', '[{"roles": ["developer"]}]'::jsonb, 1) $$, 'as it is');
select throws_ok($$ select api.get_flag_details('tap_none') $$, 'NF001', 'There is no flag tap_none', 'none');
select throws_ok($$ select api.get_flag_details(null) $$, 'NF001', null, 'NULL is none');
reset session authorization;
update ops.flags set archived_at = now() where key = 'tap_a';
set session authorization plinth_web;
select results_eq($$ select d.state, d.version from api.get_flag_details('tap_a') d $$, $$ values ('archived', 2) $$,
                  'also when it was put away');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.get_flag_details('tap_a') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.get_flag_details('tap_a') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.get_flag_details('tap_a') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
