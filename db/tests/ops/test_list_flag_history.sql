-- api.list_flag_history: how a flag came to be what it is.
begin;
select plan(20);

select is(pg_get_function_arguments('api.list_flag_history'::regproc),
  'p_key text, p_at timestamp with time zone DEFAULT NULL::timestamp with time zone, p_after text DEFAULT '
  'NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_flag_history'::regproc),
  'TABLE(version integer, changed_at timestamp with time zone, changed_by uuid, acting_role text, reason text, '
  'restores integer, before jsonb, after jsonb, cursor text)', 'result');
select volatility_is('api', 'list_flag_history',
  array['text', 'timestamp with time zone', 'text',
        'integer'], 'stable');
select is_definer('api', 'list_flag_history', array['text', 'timestamp with time zone', 'text', 'integer']);
select function_owner_is('api', 'list_flag_history',
  array['text', 'timestamp with time zone', 'text',
        'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_flag_history'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_flag_history'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa91
\set ben 019e0000-0000-7000-8000-00000000fa92
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga9_anna', 'tap_flaga9_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga9_ben', 'tap_flaga9_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga9_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga9_chief');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select lives_ok($$ select api.create_flag('tap_z', p_percentage => 8), api.update_flag('tap_z', p_percentage => 9) $$,
  'another one');
select lives_ok($$ select api.create_flag('tap_a', p_percentage => 1) $$, 'made');
select lives_ok($$ select api.update_flag('tap_a', p_percentage => 2, p_reason => 'two') $$, 'changed');
reset session authorization;
update ops.flags set percentage = 3 where key = 'tap_a';
set session authorization plinth_web;
select lives_ok($$ select api.undo_flag('tap_a') $$, 'undone');
select results_eq(
  $$ select h.version, h.changed_by is not null, h.reason, h.restores, (h.before ->> 'percentage')::integer,
            (h.after ->> 'percentage')::integer, h.cursor from api.list_flag_history('tap_a') h $$,
  $$ values (4, true, null::text, 2, 3, 2, '4'), (3, true, null, null, 2, 3, '3'), (2, true, 'two', null, 1, 2, '2'),
            (1, true, null, null, null, 1, '1') $$, 'newest first, with who, why, before and after, also what psql did');
select results_eq($$ select h.version from api.list_flag_history('tap_a', p_after => '3', p_limit => 1) h $$,
  array[2], 'page by page');
select results_eq(
  $$ select h.version from api.list_flag_history('tap_a', (select i.changed_at from api.list_flag_history('tap_a') i
       where i.version = 3) - interval '1 microsecond', p_limit => 1) h $$, array[2], 'what served at a moment');
select is_empty($$ select from api.list_flag_history('tap_a', now() - interval '1 day') $$, 'before it was made, nothing');
select throws_ok($$ select api.list_flag_history('tap_none') $$, 'NF001', 'There is no flag tap_none', 'none');
select throws_ok($$ select api.list_flag_history('tap_a', p_after => 'x') $$, 'VL001',
  'after must be the next of the page before',
                 'no version');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.list_flag_history('tap_a') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.list_flag_history('tap_a') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_flag_history('tap_a') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
