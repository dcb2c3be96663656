-- api.update_preferences: a merge patch onto the caller's choices.
begin;
select plan(23);

select is(pg_get_function_arguments('api.update_preferences'::regproc),
  'p_user_id uuid, p_preferences jsonb, p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_preferences'::regproc),
  'TABLE(preferences jsonb, version integer, updated_at timestamp with time zone)', 'result');
select volatility_is('api', 'update_preferences', array['uuid', 'jsonb', 'integer'], 'volatile');
select is_definer('api', 'update_preferences', array['uuid', 'jsonb', 'integer']);
select function_owner_is('api', 'update_preferences', array['uuid', 'jsonb', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_preferences'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_preferences'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bb21
\set ben 019e0000-0000-7000-8000-00000000bb22
insert into auth.users (id, username, email) values
  (:'anna', 'tap_upref_anna', 'tap_upref_anna@example.org'), (:'ben', 'tap_upref_ben', 'tap_upref_ben@example.org');
insert into auth.preference_defaults (name, type, default_value, maximum, description)
select 'tap_large_' || n, 'object', '{}', 10000, 'Tests' from unnest(array['a', 'b', 'c', 'd']) n;
delete from base.touched_tags;
create function pg_temp.patch(p_patch jsonb, p_version integer default null) returns text language sql volatile as $$
  select format('%s %s v%s', u.preferences ->> 'theme', u.preferences #>> '{notifications,product}', u.version)
    from api.update_preferences('019e0000-0000-7000-8000-00000000bb21', p_patch, p_version) u
$$;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select is(pg_temp.patch('{"theme": "dark"}', 0), 'dark false v1', 'the first choice');
select is(pg_temp.patch('{"notifications": {"product": true}}'), 'dark true v2', 'another; what is not named stays');
select is(pg_temp.patch('{"theme": null}', 2), 'system true v3', 'null goes back to the default');
select is(pg_temp.patch('{}'), 'system true v3', 'nothing is no change');
select is(pg_temp.patch('{"notifications": null}'), 'system false v4', 'a whole branch');
select throws_ok($$ select pg_temp.patch('{"theme": "dark"}', 3) $$, 'KC002', 'The version is 4 by now, not 3', 'an old version');
select throws_ok($$ select pg_temp.patch('{"theme": "pink"}') $$, 'VL001', null, 'a value that is not allowed');
select throws_ok($$ select pg_temp.patch('{"themes": "dark"}') $$, 'VL002', null, 'an unknown name');
select throws_ok($$ select pg_temp.patch(null) $$, 'VL001', null, 'no patch');
select lives_ok($$ select pg_temp.patch(jsonb_build_object('custom', jsonb_build_object('a', repeat('x', 5000)))) $$, 'half');
select throws_ok($$ select pg_temp.patch(jsonb_build_object('custom', jsonb_build_object('b', repeat('x', 5000)))) $$,
                 'VL001', 'custom must have at most 8192 bytes', 'an object is bounded as a whole, also by and by');
select throws_ok($$ select pg_temp.patch((select jsonb_object_agg('tap_large_' || n, jsonb_build_object('a', repeat('x', 9000)))
                                            from unnest(array['a', 'b', 'c', 'd']) n)) $$,
                 'VL001', 'preferences must have at most 32 kB', 'and so is the document');
select throws_ok($$ select api.update_preferences('019e0000-0000-7000-8000-00000000bb22', '{"theme": "dark"}') $$,
                 'NP001', null, 'not another''s');
reset session authorization;
select is((select p.preferences - 'custom' from auth.user_preferences p where p.user_id = :'anna'), '{}',
          'only what was chosen is kept');
select results_eq('select tag from base.touched_tags', array['preferences:019e0000-0000-7000-8000-00000000bb21'],
                  'the cached answer is void');
select is((select count(*) from ops.audit_details d where d.user_id = :'anna' and d.difference::text ~ 'dark'), 0::bigint,
          'the trail tells that it changed, not what is liked');

select * from finish();
rollback;
