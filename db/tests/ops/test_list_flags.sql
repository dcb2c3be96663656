-- api.list_flags: the flags there are, whole.
begin;
select plan(13);

select is(pg_get_function_arguments('api.list_flags'::regproc),
  'p_archived boolean DEFAULT false, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_flags'::regproc),
  'TABLE(key text, description text, state text, enabled boolean, percentage numeric, rules jsonb, variants jsonb, '
  'off_value jsonb, prerequisites text[], starts_at timestamp with time zone, ends_at timestamp with time zone, '
  'salt text, archived_at timestamp with time zone, version integer, created_at timestamp with time zone, '
  'updated_at timestamp with time zone, cursor text)', 'result');
select volatility_is('api', 'list_flags', array['boolean', 'text', 'integer'], 'stable');
select is_definer('api', 'list_flags', array['boolean', 'text', 'integer']);
select function_owner_is('api', 'list_flags', array['boolean', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_flags'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_flags'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa71
\set ben 019e0000-0000-7000-8000-00000000fa72
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga7_anna', 'tap_flaga7_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga7_ben', 'tap_flaga7_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga7_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga7_chief');

insert into ops.flags (key, enabled, starts_at, ends_at, archived_at) values
  ('tap_a', true, null, null, null), ('tap_b', false, null, null, null), ('tap_c', true, now() + interval '1 hour', null, null),
  ('tap_d', true, null, now(), null), ('tap_e', true, null, null, now());
select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq($$ select l.key, l.state, l.cursor from api.list_flags(p_limit => 200) l where l.key ~ '^tap_' $$,
  $$ values ('tap_a', 'on', 'tap_a'), ('tap_b', 'off', 'tap_b'), ('tap_c', 'waiting', 'tap_c'), ('tap_d', 'over', 'tap_d') $$,
  'by key, each with its state');
select results_eq($$ select l.key, l.state from api.list_flags(true) l where l.key ~ '^tap_' $$, $$ values ('tap_e',
  'archived') $$,
                  'those that were put away apart');
select results_eq($$ select l.key from api.list_flags(null, 'tap_b', 1) l $$, array['tap_c'], 'page by page');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.list_flags() $$, 'NP001', 'This needs the permission flags:manage', 'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.list_flags() $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_flags() $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
