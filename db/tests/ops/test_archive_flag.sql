-- api.archive_flag: puts a flag away.
begin;
select plan(19);

select is(pg_get_function_arguments('api.archive_flag'::regproc),
  'p_key text, p_reason text DEFAULT NULL::text, p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.archive_flag'::regproc),
  'void', 'result');
select volatility_is('api', 'archive_flag', array['text', 'text', 'integer'], 'volatile');
select is_definer('api', 'archive_flag', array['text', 'text', 'integer']);
select function_owner_is('api', 'archive_flag', array['text', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.archive_flag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.archive_flag'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa51
\set ben 019e0000-0000-7000-8000-00000000fa52
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga5_anna', 'tap_flaga5_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga5_ben', 'tap_flaga5_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga5_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga5_chief');

insert into ops.flags (key, enabled) values ('tap_a', true), ('tap_b', true);
update ops.flags set prerequisites = '{tap_a}' where key = 'tap_b';
select set_config('plinth.caller', :'anna', true);

set session authorization plinth_web;
select throws_ok($$ select api.archive_flag('tap_a') $$, 'KC007', 'The flag tap_b needs it', 'not while another needs it');
select throws_ok($$ select api.archive_flag('tap_b', p_version => 1) $$, 'KC002', 'The version is 2 by now, not 1',
  'an old version');
select throws_ok($$ select api.archive_flag('tap_b', repeat('x', 501)) $$, 'VL001', 'reason must have at most 500 characters',
                 'too long a reason');
select lives_ok($$ select api.archive_flag('tap_b', 'done with it', 2) $$, 'put away');
select lives_ok($$ select api.archive_flag('tap_a') $$, 'then what it needed');
select throws_ok($$ select api.archive_flag('tap_a') $$, 'NF001', 'There is no flag tap_a', 'it is like none');
select throws_ok($$ select api.get_flag('019e0000-0000-7000-8000-00000000fa51', 'tap_a') $$, 'NF001', null, 'for users as well');
reset session authorization;
select results_eq(
  $$ select h.version, h.reason, h.changed_by from ops.flag_history h where h.key = 'tap_b' order by 1 desc limit 1 $$,
  $$ values (3, 'done with it', '019e0000-0000-7000-8000-00000000fa51'::uuid) $$, 'with its history');
-- PostgreSQL 18 tells RESTRICT apart from a missing key.
select throws_ok($$ delete from ops.flags where key = 'tap_a' $$,
  case when current_setting('server_version_num')::integer >= 180000 then '23001' else '23503' end, null,
  'which keeps it from being deleted');

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.archive_flag('tap_a') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.archive_flag('tap_a') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.archive_flag('tap_a') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
