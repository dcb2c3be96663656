-- api.update_api_key: a name, limits, fewer scopes.
begin;
select plan(29);

select is(pg_get_function_arguments('api.update_api_key'::regproc),
  'p_user_id uuid, p_key_id uuid, p_name text DEFAULT NULL::text, p_scopes text[] DEFAULT NULL::text[], '
  'p_limits jsonb DEFAULT NULL::jsonb, p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_api_key'::regproc),
  'SETOF core.api_key_details', 'result');
select volatility_is('api', 'update_api_key', array['uuid', 'uuid', 'text', 'text[]', 'jsonb', 'integer'], 'volatile');
select is_definer('api', 'update_api_key', array['uuid', 'uuid', 'text', 'text[]', 'jsonb', 'integer']);
select function_owner_is('api', 'update_api_key', array['uuid', 'uuid', 'text', 'text[]', 'jsonb', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_api_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_api_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab130', 'tap_keys30_anna', 'tap_keys30_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab131', 'tap_keys30_ben', 'tap_keys30_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab130', 'developer');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, expires_at, revoked_at, revoke_reason)
select k.user_id::uuid, k.id::uuid, k.name, 'plk_old', sha256((k.name || ' 30')::bytea), k.scopes::text[], now() + k.rest,
       case when k.revoked then now() end, case when k.revoked then 'of this test' end
  from (values ('019e0000-0000-7000-8000-0000000ab130', '019e0000-0000-7000-8000-0000000ab132', 'first',
    null::interval, false, '{self:read,self:write}'),
               ('019e0000-0000-7000-8000-0000000ab130', '019e0000-0000-7000-8000-0000000ab133', 'expired',
                 interval '0', false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab130', '019e0000-0000-7000-8000-0000000ab134', 'revoked', null, true, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab130', '019e0000-0000-7000-8000-0000000ab136', 'star', null, false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab131', '019e0000-0000-7000-8000-0000000ab135', 'other', null, false,
                 '{*}')) as k (user_id, id, name, rest, revoked, scopes);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab130', true);

select results_eq(
  $$ select k.name, k.scopes, k.limits, k.version from api.update_api_key('019e0000-0000-7000-8000-0000000ab130',
    '019e0000-0000-7000-8000-0000000ab132', 'renamed') k $$,
  $$ values ('renamed', '{self:read,self:write}'::text[], '{}'::jsonb, 2) $$, 'a name; the rest stays');
select results_eq(
  $$ select k.name, k.scopes, k.version
       from api.update_api_key('019e0000-0000-7000-8000-0000000ab130', '019e0000-0000-7000-8000-0000000ab132',
         p_scopes => '{self:read,self:read}', p_version => 2) k $$,
  $$ values ('renamed', '{self:read}'::text[], 3) $$, 'a scope is taken away');
select isnt_empty($$ select from base.touched_tags t
  where t.xid = pg_current_xact_id() and t.tag = 'sessions:019e0000-0000-7000-8000-0000000ab130' $$,
                  'and the copies of what the key might do are void');
select throws_ok($$ select http.enter('user', null, sha256('first 30'), '', 'self:write') $$, 'NP001', null, 'at once');
select is((select k.limits from api.update_api_key('019e0000-0000-7000-8000-0000000ab130',
  '019e0000-0000-7000-8000-0000000ab132', p_limits => '{"requests_per_day": 9}') k),
          '{"requests_per_day": 9}', 'limits');
select is((select k.limits from api.update_api_key('019e0000-0000-7000-8000-0000000ab130',
  '019e0000-0000-7000-8000-0000000ab132', p_limits => '{}') k), '{}', 'and none again');
select is((select k.version from api.update_api_key('019e0000-0000-7000-8000-0000000ab130',
  '019e0000-0000-7000-8000-0000000ab132') k), 5, 'nothing named, nothing changed');
select is((select k.scopes from api.update_api_key('019e0000-0000-7000-8000-0000000ab130',
  '019e0000-0000-7000-8000-0000000ab136', p_scopes => '{keys:write}') k), '{keys:write}',
          'a star becomes any permission the user has');

select throws_ok(format('select api.update_api_key(%L, %L, %s)', '019e0000-0000-7000-8000-0000000ab130',
  '019e0000-0000-7000-8000-0000000ab132', c.args), c.code, c.message, c.message)
  from (values
    ($$p_scopes => '{self:read,self:write}'$$, 'VL001', 'scopes can only become fewer; make another key'),
    ($$p_scopes => '{*}'$$, 'VL001', 'scopes can only become fewer; make another key'),
    ($$p_scopes => '{}'$$, 'VL001', 'scopes must name 1 to 50 permissions'),
    ($$p_name => ''$$, 'VL001', 'name must have 1 to 100 characters and no control characters'),
    ($$p_limits => '1'$$, 'VL001', 'limits must be an object'),
    ($$p_name => 'x', p_version => 4$$, 'KC002', 'The version is 5 by now, not 4')) c (args, code, message);
select throws_ok(format('select api.update_api_key(%L, %L, %L)', '019e0000-0000-7000-8000-0000000ab130', k.id, 'x'),
  'NF001', 'There is no such live key', k.why)
  from (values ('019e0000-0000-7000-8000-0000000ab133'::uuid, 'one that has expired'),
    ('019e0000-0000-7000-8000-0000000ab134', 'one that was revoked'),
               ('019e0000-0000-7000-8000-0000000ab135', 'another user''s'), (gen_random_uuid(), 'one that never was'),
                 (null, 'none')) k (id, why);
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select is((select k.name from api.update_api_key('019e0000-0000-7000-8000-0000000ab131',
  '019e0000-0000-7000-8000-0000000ab135', 'by operator') k), 'by operator', 'for whom it names');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.update_api_key('019e0000-0000-7000-8000-0000000ab130',
  '019e0000-0000-7000-8000-0000000ab132') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.update_api_key('019e0000-0000-7000-8000-0000000ab130',
  '019e0000-0000-7000-8000-0000000ab132') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
