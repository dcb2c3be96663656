-- api.remove_provider_key: forgets a key of another service.
begin;
select plan(18);

select is(pg_get_function_arguments('api.remove_provider_key'::regproc),
  'p_user_id uuid, p_provider_key_id uuid', 'arguments');
select is(pg_get_function_result('api.remove_provider_key'::regproc),
  'void', 'result');
select volatility_is('api', 'remove_provider_key', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'remove_provider_key', array['uuid', 'uuid']);
select function_owner_is('api', 'remove_provider_key', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.remove_provider_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.remove_provider_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab230', 'tap_other30_anna', 'tap_other30_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab231', 'tap_other30_ben', 'tap_other30_ben@example.org');
insert into auth.provider_keys (user_id, id, provider, name, secret_encrypted, last_four, fingerprint)
select k.user_id::uuid, k.id::uuid, 'openai', k.name,
       core.encrypt_secret('sk-' || k.name || '-0123456789', concat('provider_key:', k.user_id, ':', k.id)), '6789', 'f' || k.name
  from (values ('019e0000-0000-7000-8000-0000000ab230', '019e0000-0000-7000-8000-0000000ab232', 'first'),
    ('019e0000-0000-7000-8000-0000000ab230', '019e0000-0000-7000-8000-0000000ab233', 'second'),
      ('019e0000-0000-7000-8000-0000000ab231', '019e0000-0000-7000-8000-0000000ab234', 'other'))
    as k (user_id, id, name);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab230', true);

select lives_ok($$ select api.remove_provider_key('019e0000-0000-7000-8000-0000000ab230',
  '019e0000-0000-7000-8000-0000000ab232') $$, 'removed');
select is((select array_agg(k.name order by k.name) from auth.provider_keys k
  where k.user_id in ('019e0000-0000-7000-8000-0000000ab230', '019e0000-0000-7000-8000-0000000ab231')),
          '{other,second}', 'it and no other');
select is((select l.action from ops.audit_logs l
  where l.entity_id = '019e0000-0000-7000-8000-0000000ab232' order by l.id desc limit 1), 'delete', 'on record');
select is_empty($$ select from ops.audit_details d join ops.audit_logs l on l.id = d.audit_id
  where l.entity_id = '019e0000-0000-7000-8000-0000000ab232' and d.difference::text ~ '\\x01' $$, 'without what it was');
select throws_ok(format('select api.remove_provider_key(%L, %L)', '019e0000-0000-7000-8000-0000000ab230', k.id),
  'NF001', 'There is no such key', k.why)
  from (values ('019e0000-0000-7000-8000-0000000ab232'::uuid, 'the same again'),
    ('019e0000-0000-7000-8000-0000000ab234', 'another user''s'), (null, 'none')) k (id, why);
select throws_ok($$ select api.remove_provider_key('019e0000-0000-7000-8000-0000000ab231',
  '019e0000-0000-7000-8000-0000000ab234') $$, 'NP001', null, 'not in another user''s name');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select lives_ok($$ select api.remove_provider_key('019e0000-0000-7000-8000-0000000ab231',
  '019e0000-0000-7000-8000-0000000ab234') $$, 'an operator, for whom it names');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.remove_provider_key('019e0000-0000-7000-8000-0000000ab230',
  '019e0000-0000-7000-8000-0000000ab233') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.remove_provider_key('019e0000-0000-7000-8000-0000000ab230',
  '019e0000-0000-7000-8000-0000000ab233') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
