-- api.revoke_api_key: a key is void from this commit on.
begin;
select plan(23);

select is(pg_get_function_arguments('api.revoke_api_key'::regproc),
  'p_user_id uuid, p_key_id uuid', 'arguments');
select is(pg_get_function_result('api.revoke_api_key'::regproc),
  'void', 'result');
select volatility_is('api', 'revoke_api_key', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'revoke_api_key', array['uuid', 'uuid']);
select function_owner_is('api', 'revoke_api_key', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.revoke_api_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.revoke_api_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab140', 'tap_keys40_anna', 'tap_keys40_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab141', 'tap_keys40_ben', 'tap_keys40_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab140', 'developer');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, expires_at, revoked_at, revoke_reason)
select k.user_id::uuid, k.id::uuid, k.name, 'plk_old', sha256((k.name || ' 40')::bytea), k.scopes::text[], now() + k.rest,
       case when k.revoked then now() end, case when k.revoked then 'of this test' end
  from (values ('019e0000-0000-7000-8000-0000000ab140', '019e0000-0000-7000-8000-0000000ab142', 'first',
    null::interval, false, '{self:read,self:write}'),
               ('019e0000-0000-7000-8000-0000000ab140', '019e0000-0000-7000-8000-0000000ab143', 'expired',
                 interval '0', false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab140', '019e0000-0000-7000-8000-0000000ab144', 'revoked', null, true, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab140', '019e0000-0000-7000-8000-0000000ab146', 'star', null, false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab141', '019e0000-0000-7000-8000-0000000ab145', 'other', null, false,
                 '{*}')) as k (user_id, id, name, rest, revoked, scopes);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab140', true);

select lives_ok($$ select http.enter('user', null, sha256('first 40'), '', 'self:read') $$, 'it works');
select api.rotate_api_key('019e0000-0000-7000-8000-0000000ab140', '019e0000-0000-7000-8000-0000000ab142', 10);
delete from base.touched_tags;
select lives_ok($$ select api.revoke_api_key('019e0000-0000-7000-8000-0000000ab140',
  '019e0000-0000-7000-8000-0000000ab142') $$, 'revoked');
select throws_ok($$ select http.enter('user', null, sha256('first 40'), '', 'self:read') $$, 'UN001', null,
                 'and its former secret is dead with it');
select lives_ok($$ select http.enter('user', null, sha256('star 40'), '', 'self:read') $$, 'another key goes on');
select isnt_empty($$ select from base.touched_tags t
  where t.xid = pg_current_xact_id() and t.tag = 'sessions:019e0000-0000-7000-8000-0000000ab140' $$,
                  'its copies are void');
select results_eq($$ select k.revoke_reason, k.revoked_at >= now(), k.previous_hash from auth.api_keys k
  where k.id = '019e0000-0000-7000-8000-0000000ab142' $$,
                  $$ values ('by its owner', true, null::bytea) $$, 'it stays for the record');
select lives_ok($$ select api.revoke_api_key('019e0000-0000-7000-8000-0000000ab140',
  '019e0000-0000-7000-8000-0000000ab142') $$, 'once more is no error');
select is((select count(*)::integer from ops.audit_logs l
  where l.entity_id = '019e0000-0000-7000-8000-0000000ab142' and 'revoked_at' = any (l.changed)), 1,
          'nor another event');
select lives_ok($$ select api.revoke_api_key('019e0000-0000-7000-8000-0000000ab140',
  '019e0000-0000-7000-8000-0000000ab143') $$, 'one that has expired');
select throws_ok(format('select api.revoke_api_key(%L, %L)', '019e0000-0000-7000-8000-0000000ab140', k.id), 'NF001',
  'There is no such key', k.why)
  from (values ('019e0000-0000-7000-8000-0000000ab145'::uuid, 'another user''s'), (gen_random_uuid(),
    'one that never was'), (null, 'none')) k (id, why);
select throws_ok($$ select api.revoke_api_key('019e0000-0000-7000-8000-0000000ab141',
  '019e0000-0000-7000-8000-0000000ab145') $$, 'NP001', null, 'not in another user''s name');
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select lives_ok($$ select api.revoke_api_key('019e0000-0000-7000-8000-0000000ab141',
  '019e0000-0000-7000-8000-0000000ab145') $$, 'an operator, for whom it names');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.revoke_api_key('019e0000-0000-7000-8000-0000000ab140',
  '019e0000-0000-7000-8000-0000000ab142') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.revoke_api_key('019e0000-0000-7000-8000-0000000ab140',
  '019e0000-0000-7000-8000-0000000ab142') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
