-- api.list_user_flags: every flag as it is, or was, for an account.
begin;
select plan(16);

select is(pg_get_function_arguments('api.list_user_flags'::regproc),
  'p_id text, p_at timestamp with time zone DEFAULT NULL::timestamp with time zone, p_after text DEFAULT '
  'NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_user_flags'::regproc),
  'TABLE(key text, enabled boolean, variant text, value jsonb, reason text, cursor text)', 'result');
select volatility_is('api', 'list_user_flags',
  array['text', 'timestamp with time zone', 'text',
        'integer'], 'stable');
select is_definer('api', 'list_user_flags', array['text', 'timestamp with time zone', 'text', 'integer']);
select function_owner_is('api', 'list_user_flags',
  array['text', 'timestamp with time zone', 'text',
        'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_user_flags'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_user_flags'::regproc;

\set anna 019e0000-0000-7000-8000-00000000faa1
\set ben 019e0000-0000-7000-8000-00000000faa2
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_flagaa_anna', 'tap_flagaa_anna@example.org', 'pro'),
  (:'ben', 'tap_flagaa_ben', 'tap_flagaa_ben@example.org', 'free');
insert into auth.roles (name, description, permissions) values ('tap_flagaa_chief', 'planted', '["flags:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_flagaa_chief');

insert into ops.flags (key, enabled, percentage, rules) values ('tap_a', true, 0, '[{"tiers": ["free"]}]');
insert into ops.flags (key) values ('tap_b');
create temp table moment as select clock_timestamp() as at;
update ops.flags set enabled = false where key = 'tap_a';
select set_config('plinth.caller', :'anna', true);
grant select on moment to plinth_web;

set session authorization plinth_web;
select results_eq($$ select l.enabled, l.reason, l.cursor
  from api.list_user_flags('tap_flagaa_ben', null, null, 200) l where l.key = 'tap_a' $$,
  $$ values (false, 'off', 'tap_a') $$, 'as it is');
select results_eq($$ select l.enabled, l.reason
  from api.list_user_flags('tap_flagaa_ben@example.org', (select m.at from moment m), null, 200) l
                      where l.key = 'tap_a' $$,
  $$ values (true, 'rule 1') $$, 'as it was');
select results_eq($$ select l.enabled, l.reason
  from api.list_user_flags('019e0000-0000-7000-8000-00000000faa1', (select m.at from moment m),
                      null, 200) l where l.key = 'tap_a' $$,
  $$ values (false, 'percentage') $$, 'for another account');
select is_empty($$ select from api.list_user_flags('tap_flagaa_ben', now() - interval '1 day') l where l.key = 'tap_a' $$,
                'before it was made there was none');
select is((select min(l.key) from api.list_user_flags('tap_flagaa_ben', null, 'tap_a', 200) l) > 'tap_a', true, 'behind another');
select throws_ok($$ select api.list_user_flags('tap_flagaa_none') $$, 'NF001', 'There is no account tap_flagaa_none',
  'no such account');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.list_user_flags('tap_flag{n}_ben') $$, 'NP001', 'This needs the permission flags:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.list_user_flags('tap_flag{n}_ben') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_user_flags('tap_flag{n}_ben') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
