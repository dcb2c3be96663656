-- api.set_provider_key: keeps a key of another service, encrypted.
begin;
select plan(32);

select is(pg_get_function_arguments('api.set_provider_key'::regproc),
  'p_user_id uuid, p_provider text, p_secret text, p_name text DEFAULT ''default''::text', 'arguments');
select is(pg_get_function_result('api.set_provider_key'::regproc),
  'SETOF core.provider_key_details', 'result');
select volatility_is('api', 'set_provider_key', array['uuid', 'text', 'text', 'text'], 'volatile');
select is_definer('api', 'set_provider_key', array['uuid', 'text', 'text', 'text']);
select function_owner_is('api', 'set_provider_key', array['uuid', 'text', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.set_provider_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_provider_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab210', 'tap_other10_anna', 'tap_other10_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab211', 'tap_other10_ben', 'tap_other10_ben@example.org');
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab210', true);

create temp table kept as select * from api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'openai',
  'sk-0123456789abcdef-WXYZ');
select results_eq('select k.provider, k.name, k.last_four, k.version, k.created_at, k.last_used_at from kept k',
  $$ values ('openai', 'default', 'WXYZ', 1, now(), null::timestamptz) $$, 'enough to know it again');
select matches(k.fingerprint, '^[0-9a-f]{16}$', 'and a fingerprint') from kept k;
select is((select count(*)::integer from auth.provider_keys p where p::text ~ '0123456789abcdef'
              or position('0123456789abcdef'::bytea in p.secret_encrypted) > 0), 0, 'in the table it is nowhere');
select is(core.decrypt_secret(p.secret_encrypted, 'provider_key:019e0000-0000-7000-8000-0000000ab210:' || p.id),
  'sk-0123456789abcdef-WXYZ', 'but encrypted')
  from auth.provider_keys p where p.user_id = '019e0000-0000-7000-8000-0000000ab210';
select throws_ok(format('select core.decrypt_secret(%L, %L)', p.secret_encrypted,
  'provider_key:019e0000-0000-7000-8000-0000000ab211:' || p.id), 'SV510',
                 null, 'moved to another user''s row, it does not open') from auth.provider_keys p
                   where p.user_id = '019e0000-0000-7000-8000-0000000ab210';
select is_empty(
  $$ select from ops.audit_details d join ops.audit_logs l on l.id = d.audit_id
      where l.user_id = '019e0000-0000-7000-8000-0000000ab210' and d.difference::text ~ 'WXYZ|0123456789|\\x01' $$,
        'nor is it on record');
select is((select array_agg(l.action) from ops.audit_logs l join kept k on k.id::text = l.entity_id), '{insert}', 'but the event');

-- Again: the same row, a new key.
select results_eq(
  $$ select n.id = k.id, n.last_four, n.version, n.fingerprint = k.fingerprint
       from api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'openai', 'sk-ABCDEF0123456789') n, kept k $$,
  $$ values (true, '6789', 2, false) $$, 'another key takes its place');
select results_eq(
  $$ select n.id = k.id, n.fingerprint = k.fingerprint
       from api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'openai', 'sk-0123456789abcdef-WXYZ',
         'spare') n, kept k $$,
  $$ values (false, true) $$, 'under another name it is another row; equal keys have equal fingerprints');
select is((select array_agg(l.action order by l.id) from ops.audit_logs l join kept k on k.id::text = l.entity_id),
  '{insert,update}',
          'a change is on record');

select throws_ok(format('select api.set_provider_key(%L, %s)', '019e0000-0000-7000-8000-0000000ab210', c.args), c.code,
  c.message, c.message)
  from (values
    ($$null, 'sk-0123456789abcdef'$$, 'VL003', 'A service and its key are needed'),
    ($$'openai', null$$, 'VL003', 'A service and its key are needed'),
    ($$'Open AI', 'sk-0123456789abcdef'$$, 'VL001',
      'provider must have 1 to 50 characters: a-z, 0-9, and after the first also _ . -'),
    ($$'openai', 'sk-0123456789'$$, 'VL001', 'secret must have 16 to 4,096 characters of ASCII without spaces'),
    ($$'openai', 'sk-0123456789 abcdef'$$, 'VL001', 'secret must have 16 to 4,096 characters of ASCII without spaces'),
    ($$'openai', repeat('x', 4097)$$, 'VL001', 'secret must have 16 to 4,096 characters of ASCII without spaces'),
    ($$'openai', 'sk-0123456789abcdef', ''$$, 'VL001', 'name must have 1 to 100 characters and no control characters'))
    c (args, code, message);
select base.set_setting('provider_key.limit', '2');
select throws_ok($$ select api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'other', 'sk-0123456789abcdef') $$, 'KC008',
                 'There are 2 keys already; remove one', 'as many as there may be');
select lives_ok($$ select api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'openai',
  'sk-0123456789abcdef') $$, 'one that is there can be replaced');
select throws_ok($$ select api.set_provider_key('019e0000-0000-7000-8000-0000000ab211', 'openai',
  'sk-0123456789abcdef') $$, 'NP001', null,
                 'not in another user''s name');
update auth.users set status = 'suspended' where id = '019e0000-0000-7000-8000-0000000ab210';
select throws_ok($$ select api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'openai',
  'sk-0123456789abcdef') $$, 'NF001',
                 'There is no such active account', 'an account that is not active');
grant select on kept to plinth_operator;
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is((select k.fingerprint = (select kept.fingerprint from kept)
             from api.set_provider_key('019e0000-0000-7000-8000-0000000ab211', 'openai', 'sk-0123456789abcdef-WXYZ') k), false,
          'an operator, for whom it names; two users'' fingerprints tell nothing of each other');
reset session authorization;
set local plinth.secret_keys = '';
select throws_ok($$ select api.set_provider_key('019e0000-0000-7000-8000-0000000ab211', 'openai',
  'sk-0123456789abcdef') $$, 'SV503', null, 'no keys at hand');

set session authorization plinth_web;
select throws_ok($$ select api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'openai',
  'sk-0123456789abcdef') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.set_provider_key('019e0000-0000-7000-8000-0000000ab210', 'openai',
  'sk-0123456789abcdef') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
