-- api.use_provider_key: gives a key of another service to its owner, on record.
begin;
select plan(23);

select is(pg_get_function_arguments('api.use_provider_key'::regproc),
  'p_user_id uuid, p_provider_key_id uuid', 'arguments');
select is(pg_get_function_result('api.use_provider_key'::regproc),
  'TABLE(id uuid, provider text, name text, secret text)', 'result');
select volatility_is('api', 'use_provider_key', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'use_provider_key', array['uuid', 'uuid']);
select function_owner_is('api', 'use_provider_key', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.use_provider_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.use_provider_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab220', 'tap_other20_anna', 'tap_other20_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab221', 'tap_other20_ben', 'tap_other20_ben@example.org');
insert into auth.provider_keys (user_id, id, provider, name, secret_encrypted, last_four, fingerprint)
select k.user_id::uuid, k.id::uuid, 'openai', k.name,
       core.encrypt_secret('sk-' || k.name || '-0123456789', concat('provider_key:', k.user_id, ':', k.id)), '6789', 'f' || k.name
  from (values ('019e0000-0000-7000-8000-0000000ab220', '019e0000-0000-7000-8000-0000000ab222', 'first'),
    ('019e0000-0000-7000-8000-0000000ab220', '019e0000-0000-7000-8000-0000000ab223', 'second'),
      ('019e0000-0000-7000-8000-0000000ab221', '019e0000-0000-7000-8000-0000000ab224', 'other'))
    as k (user_id, id, name);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab220', true);

set session authorization plinth_web;
select results_eq($$ select * from api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$,
  $$ values ('019e0000-0000-7000-8000-0000000ab222'::uuid, 'openai', 'first', 'sk-first-0123456789') $$, 'the key');
reset session authorization;
select is((select k.last_used_at from auth.provider_keys k where k.id = '019e0000-0000-7000-8000-0000000ab222'), now(), 'used now');
select results_eq(
  $$ select l.action, l.user_id, l.actor_id, d.difference from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
      where l.entity_id = '019e0000-0000-7000-8000-0000000ab222' order by l.id desc limit 1 $$,
  $$ values ('provider_key.used', '019e0000-0000-7000-8000-0000000ab220'::uuid,
    '019e0000-0000-7000-8000-0000000ab220'::uuid, '{}'::jsonb) $$, 'on record, without a value');
set session authorization plinth_web;
select lives_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$, 'again');
reset session authorization;
select is((select count(*)::integer from ops.audit_logs l
  where l.entity_id = '019e0000-0000-7000-8000-0000000ab222' and l.action = 'provider_key.used'), 2,
          'each time');

set session authorization plinth_web;
select throws_ok(format('select api.use_provider_key(%L, %L)', '019e0000-0000-7000-8000-0000000ab220', k.id), 'NF001',
  'There is no such key', k.why)
  from (values ('019e0000-0000-7000-8000-0000000ab224'::uuid, 'another user''s'), (gen_random_uuid(),
    'one that never was'), (null, 'none')) k (id, why);
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab221',
  '019e0000-0000-7000-8000-0000000ab224') $$, 'NP001', null, 'not in another user''s name');
reset session authorization;
update auth.provider_keys set secret_encrypted = (select k.secret_encrypted from auth.provider_keys k
  where k.id = '019e0000-0000-7000-8000-0000000ab224')
 where id = '019e0000-0000-7000-8000-0000000ab223';
set session authorization plinth_web;
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab223') $$, 'SV510', null, 'another user''s key, moved here in psql');
set session authorization plinth_operator;
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$, 'NP001', 'A key of another service is read by its owner''s requests only',
                 'an operator who says that he is its owner');
reset session authorization;
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$, 'NP001', null, 'a superuser who says so');
set session authorization plinth_web;
set local plinth.secret_keys = '';
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$, 'SV503', null, 'no keys at hand');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$, 'NP001',
                 'A key of another service is read by its owner''s requests only', 'operators do not read users'' keys');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.use_provider_key('019e0000-0000-7000-8000-0000000ab220',
  '019e0000-0000-7000-8000-0000000ab222') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
