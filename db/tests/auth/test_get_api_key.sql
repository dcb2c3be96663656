-- api.get_api_key: one key, as its owner sees it.
begin;
select plan(18);

select is(pg_get_function_arguments('api.get_api_key'::regproc),
  'p_user_id uuid, p_key_id uuid', 'arguments');
select is(pg_get_function_result('api.get_api_key'::regproc),
  'SETOF core.api_key_details', 'result');
select volatility_is('api', 'get_api_key', array['uuid', 'uuid'], 'stable');
select is_definer('api', 'get_api_key', array['uuid', 'uuid']);
select function_owner_is('api', 'get_api_key', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_api_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_api_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab150', 'tap_keys50_anna', 'tap_keys50_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab151', 'tap_keys50_ben', 'tap_keys50_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab150', 'developer');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, expires_at, revoked_at, revoke_reason)
select k.user_id::uuid, k.id::uuid, k.name, 'plk_old', sha256((k.name || ' 50')::bytea), k.scopes::text[], now() + k.rest,
       case when k.revoked then now() end, case when k.revoked then 'of this test' end
  from (values ('019e0000-0000-7000-8000-0000000ab150', '019e0000-0000-7000-8000-0000000ab152', 'first',
    null::interval, false, '{self:read,self:write}'),
               ('019e0000-0000-7000-8000-0000000ab150', '019e0000-0000-7000-8000-0000000ab153', 'expired',
                 interval '0', false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab150', '019e0000-0000-7000-8000-0000000ab154', 'revoked', null, true, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab150', '019e0000-0000-7000-8000-0000000ab156', 'star', null, false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab151', '019e0000-0000-7000-8000-0000000ab155', 'other', null, false,
                 '{*}')) as k (user_id, id, name, rest, revoked, scopes);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab150', true);

select results_eq(
  $$ select k.id, k.name, k.prefix, k.scopes, k.limits, k.created_at, k.last_used_at, k.expires_at, k.revoked_at, k.version
       from api.get_api_key('019e0000-0000-7000-8000-0000000ab150', '019e0000-0000-7000-8000-0000000ab152') k $$,
  $$ values ('019e0000-0000-7000-8000-0000000ab152'::uuid, 'first', 'plk_old', '{self:read,self:write}'::text[], '{}'::jsonb, now(),
             null::timestamptz, null::timestamptz, null::timestamptz, 1) $$, 'all its owner may see');
select is((select k.revoked_at from api.get_api_key('019e0000-0000-7000-8000-0000000ab150',
  '019e0000-0000-7000-8000-0000000ab154') k), now(), 'one that was revoked');
select is_empty(format('select api.get_api_key(%L, %L)', '019e0000-0000-7000-8000-0000000ab150', k.id), k.why)
  from (values ('019e0000-0000-7000-8000-0000000ab155'::uuid, 'another user''s'), (gen_random_uuid(),
    'one that never was'), (null, 'none')) k (id, why);
select is_empty($$ select a.attname from pg_attribute a
  where a.attrelid = 'core.api_key_details'::regclass and a.attname ~ 'hash' $$,
                'no digest is shown');
select throws_ok($$ select api.get_api_key('019e0000-0000-7000-8000-0000000ab151',
  '019e0000-0000-7000-8000-0000000ab155') $$, 'NP001', null, 'not in another user''s name');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is((select k.name from api.get_api_key('019e0000-0000-7000-8000-0000000ab151',
  '019e0000-0000-7000-8000-0000000ab155') k), 'other', 'an operator, for whom it names');
select is_empty($$ select api.get_api_key('019e0000-0000-7000-8000-0000000ab151',
  '019e0000-0000-7000-8000-0000000ab152') $$, 'and nobody else''s');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.get_api_key('019e0000-0000-7000-8000-0000000ab150',
  '019e0000-0000-7000-8000-0000000ab152') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.get_api_key('019e0000-0000-7000-8000-0000000ab150',
  '019e0000-0000-7000-8000-0000000ab152') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
