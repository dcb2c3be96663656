-- api.update_flag: changes a flag.
begin;
select plan(24);

select is(pg_get_function_arguments('api.update_flag'::regproc),
  'p_key text, p_description text DEFAULT NULL::text, p_enabled boolean DEFAULT NULL::boolean, p_percentage '
  'numeric DEFAULT NULL::numeric, p_rules jsonb DEFAULT NULL::jsonb, p_variants jsonb DEFAULT NULL::jsonb, '
  'p_off_value jsonb DEFAULT NULL::jsonb, p_prerequisites text[] DEFAULT NULL::text[], p_starts_at timestamp with '
  'time zone DEFAULT NULL::timestamp with time zone, p_ends_at timestamp with time zone DEFAULT NULL::timestamp '
  'with time zone, p_salt text DEFAULT NULL::text, p_reason text DEFAULT NULL::text, p_version integer DEFAULT '
  'NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_flag'::regproc),
  'SETOF core.flag_details', 'result');
select volatility_is('api', 'update_flag',
  array['text', 'text', 'boolean', 'numeric', 'jsonb', 'jsonb', 'jsonb', 'text[]',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text', 'integer'], 'volatile');
select is_definer('api', 'update_flag',
  array['text', 'text', 'boolean', 'numeric', 'jsonb', 'jsonb', 'jsonb', 'text[]',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text', 'integer']);
select function_owner_is('api', 'update_flag',
  array['text', 'text', 'boolean', 'numeric', 'jsonb', 'jsonb', 'jsonb', 'text[]',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_flag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_flag'::regproc;

\set anna 019e0000-0000-7000-8000-00000000fa41
\set ben 019e0000-0000-7000-8000-00000000fa42
insert into ops.flags (key, description, percentage) values ('tap_other', 'Another', 7);
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flaga4_anna', 'tap_flaga4_anna@example.org', 'pro'),
  (:'ben', 'tap_flaga4_ben', 'tap_flaga4_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flaga4_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flaga4_chief');

insert into ops.flags (key, description, enabled, percentage, starts_at, ends_at)
values ('tap_a', 'Old', false, 10, now(), now() + interval '1 hour');
select set_config('plinth.caller', :'anna', true);
delete from base.touched_tags;

set session authorization plinth_web;
select results_eq(
  $$ select u.description, u.enabled, u.percentage, u.version, u.starts_at, u.ends_at
       from api.update_flag('tap_a', p_enabled => true, p_reason => 'launch', p_version => 1) u $$,
  $$ values ('Old', true, 10::numeric, 2, now(), now() + interval '1 hour') $$, 'what is not named stays');
select results_eq(
  $$ select u.description, u.percentage, u.rules, u.variants, u.off_value, u.prerequisites, u.starts_at, u.ends_at, u.salt
       from api.update_flag('tap_a', ' New ', p_percentage => 0.01, p_rules => '[{"percentage": 5}]',
         p_variants => '[{"name": "x", "weight": 1}]', p_off_value => '0', p_prerequisites => '{}',
         p_starts_at => '-infinity', p_ends_at => 'infinity', p_salt => 'other') u $$,
  $$ values ('New', 0.01, '[{"percentage": 5}]'::jsonb, '[{"name": "x", "weight": 1}]'::jsonb, '0'::jsonb, '{}'::text[],
             null::timestamptz, null::timestamptz, 'other') $$, 'everything can change, and a schedule can go');
select results_eq($$ select u.version, u.description from api.update_flag('tap_a', p_description => '') u $$,
  $$ values (4, '') $$, 'a description can be emptied');
select results_eq($$ select u.version from api.update_flag('tap_a', p_percentage => 0.01, p_reason => 'in vain') u $$, array[4],
                  'what changes nothing is no version');
reset session authorization;
update ops.flags set percentage = 0.02 where key = 'tap_a';
select is((select h.reason from ops.flag_history h where h.key = 'tap_a' and h.version = 5), null,
          'nor is its reason the next one''s');
select results_eq('select tag from base.touched_tags where xid = pg_current_xact_id()', array['all:flags'], 'voids kept answers');
select results_eq(
  $$ select h.version, h.reason, h.changed_by is not null from ops.flag_history h where h.key = 'tap_a' order by 1 $$,
  $$ values (1, null, false), (2, 'launch', true), (3, null, true), (4, null, true),
            (5, null, true) $$, 'each change on record');

-- What is refused.
set session authorization plinth_web;
select throws_ok($$ select api.update_flag('tap_a', p_enabled => false, p_version => 2) $$, 'KC002',
  'The version is 5 by now, not 2', 'a change of what was not the last version');
select throws_ok($$ select api.update_flag('tap_none', p_enabled => false) $$, 'NF001', 'There is no flag tap_none', 'none');
select throws_ok($$ select api.update_flag('tap_a', p_percentage => 100.01) $$, 'VL001',
  'percentage must be from 0 to 100, with two decimals at most', 'a wrong field');
select throws_ok($$ select api.update_flag('tap_a', p_prerequisites => '{tap_a}') $$, 'VL001',
  'prerequisites form a circle: tap_a needs tap_a', 'a circle');
select throws_ok($$ select api.update_flag('tap_a', p_reason => repeat('x', 501)) $$, 'VL001',
  'reason must have at most 500 characters', 'too long a reason');
reset session authorization;
update ops.flags set archived_at = now() where key = 'tap_a';
set session authorization plinth_web;
select throws_ok($$ select api.update_flag('tap_a', p_enabled => true) $$, 'NF001', 'There is no flag tap_a', 'one put away');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.update_flag('tap_a') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.update_flag('tap_a') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.update_flag('tap_a') $$, '42501', null, 'a reader may not');
reset session authorization;
select is((select f.description || f.percentage || f.version from ops.flags f where f.key = 'tap_other'), 'Another71',
          'another flag is as it was');

select * from finish();
rollback;
