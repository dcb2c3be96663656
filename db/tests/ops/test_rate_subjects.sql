-- core.rate_subjects: whom a call counts for, and the limits of each.
begin;
select plan(21);

select is(pg_get_function_arguments('core.rate_subjects'::regproc),
  'p_user_id uuid, p_key_id uuid, p_address text, p_route text, p_usual bigint[], OUT subjects text[], '
  'OUT limits bigint[]', 'arguments');
select is(pg_get_function_result('core.rate_subjects'::regproc), 'record', 'result');
select volatility_is('core', 'rate_subjects', array['uuid', 'uuid', 'text', 'text', 'bigint[]'], 'stable');
select isnt_definer('core', 'rate_subjects', array['uuid', 'uuid', 'text', 'text', 'bigint[]']);
select function_owner_is('core', 'rate_subjects', array['uuid', 'uuid', 'text', 'text', 'bigint[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.rate_subjects'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.rate_subjects'::regproc;

\set anna 019e0000-0000-7000-8000-000000011a11
\set ben 019e0000-0000-7000-8000-000000011a12
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_rsub_anna', 'tap_rsub_anna@example.org', 'free'), (:'ben', 'tap_rsub_ben', 'tap_rsub_ben@example.org', 'pro');

\set key 019e0000-0000-7000-8000-000000011a1a
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, limits) values
  (:'anna', :'key', 'k', 'plk_0000', sha256('rsub'), '{*}', '{"requests_per_hour": 9, "tokens_per_day": 8}'),
  (:'anna', '019e0000-0000-7000-8000-000000011a1b', 'l', 'plk_0001', sha256('rsub other'), '{*}', '{"requests_per_hour": 5}');
insert into ops.route_limits (route, requests_per_minute, requests_per_day) values ('GET /v1/tap', 4, 5);
create function pg_temp.subjects(p_user uuid, p_key uuid default null, p_address text default null, p_route text default '',
                                 p_usual bigint[] default '{1,2,3,4}') returns text language sql as $$
  select concat_ws(' ', s.subjects, s.limits) from core.rate_subjects(p_user, p_key, p_address, p_route, p_usual) s
$$;

select is(pg_temp.subjects(:'anna'), format('{user:%s} {1,2,3,4}', :'anna'), 'a user of the lowest tier');
select is(pg_temp.subjects(:'ben'), format('{user:%s} {10,20,30,40}', :'ben'), 'a higher tier has more');
insert into ops.user_quotas (user_id, requests_per_minute, tokens_per_day) values (:'ben', 7, 0);
select is(pg_temp.subjects(:'ben'), format('{user:%s} {7,20,30,0}', :'ben'),
  'what is said of one user wins, also that there is none');
select is(pg_temp.subjects(:'anna', :'key'), format('{user:%s,key:%s} {1,2,3,4,0,9,0,8}', :'anna', :'key'),
          'a key has limits besides those of its owner');
select is(pg_temp.subjects(:'anna', '019e0000-0000-7000-8000-000000011a1b'),
          format('{user:%s,key:%s} {1,2,3,4,0,5,0,0}', :'anna', '019e0000-0000-7000-8000-000000011a1b'), 'another has others');
update auth.api_keys k set limits = '{"requests_per_hour": 0, "tokens_per_day": 0}' where k.id = :'key';
select is(pg_temp.subjects(:'anna', :'key'), format('{user:%s} {1,2,3,4}', :'anna'), '0 is none of its own');
select is(pg_temp.subjects(:'anna', p_route => 'GET /v1/tap'),
          format('{user:%s,"route:user:%1$s:GET /v1/tap"} {1,2,3,4,4,0,5,0}', :'anna'), 'and so has a route');
select is(pg_temp.subjects(:'anna', p_route => 'GET /v1/tap', p_usual => '{0,2,3,4}'),
          format('{user:%s,"route:user:%1$s:GET /v1/tap"} {0,2,3,4,0,0,5,0}', :'anna'), 'but not where the usual one is 0');
select is(pg_temp.subjects(:'anna', p_route => 'GET /v1/other'), format('{user:%s} {1,2,3,4}', :'anna'), 'most have none');
select is(pg_temp.subjects(null, p_address => '2001:db8::7'), '{address:2001:db8::} {10,20,30,0}',
          'nobody counts by address, and has no tokens');
select is(pg_temp.subjects(null, p_address => '192.0.2.1', p_route => 'GET /v1/tap'),
          '{address:192.0.2.1,"route:address:192.0.2.1:GET /v1/tap"} {10,20,30,0,4,0,5,0}', 'on a route, too');
select is(pg_temp.subjects(:'anna', p_usual => '{0,0,0,0}'), '{} {}', 'without limits nothing is counted');
select is(pg_temp.subjects(null, p_address => '192.0.2.1', p_usual => '{0,0,0,4}'), '{} {}', 'for addresses neither');
delete from ops.tier_limits where tier = 'free';
select is(pg_temp.subjects(:'anna'), format('{user:%s} {1,2,3,4}', :'anna'), 'a tier nobody said anything of has the usual ones');

select * from finish();
rollback;
