-- core.reencrypt_secrets: writes anew what was encrypted with a key that was replaced.
begin;
select plan(28);

select is(pg_get_function_arguments('core.reencrypt_secrets'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.reencrypt_secrets'::regproc),
  'integer', 'result');
select volatility_is('core', 'reencrypt_secrets', array['integer'], 'volatile');
select is_definer('core', 'reencrypt_secrets', array['integer']);
select function_owner_is('core', 'reencrypt_secrets', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.reencrypt_secrets'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.reencrypt_secrets'::regproc;

delete from ops.secret_keys;
create function pg_temp.bring(variadic p_keys text[]) returns void language sql volatile as $$
  select set_config('plinth.secret_keys', array_to_string(p_keys, ','), true)
$$;
insert into auth.users (id, username, email) values ('019e0000-0000-7000-8000-0000000ab310', 'tap_renew_anna',
  'tap_renew_anna@example.org');
select pg_temp.bring('aaaaaaaa:' || repeat('ab', 32));
select core.adopt_secret_key();
update ops.secret_keys set first_used_at = now() - interval '1 day';
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab310', true);
select api.set_provider_key('019e0000-0000-7000-8000-0000000ab310', 'openai', 'sk-0123456789abcdef-' || n,
  'key ' || n) from generate_series(1, 5) n;
select set_config('plinth.caller', '', true);
insert into ops.outbox (user_id, id, kind, address, language, token_encrypted)
select '019e0000-0000-7000-8000-0000000ab310', '019e0000-0000-7000-8000-0000000ab311', 'reset_password', 'tap@example.org', 'en',
       core.encrypt_secret('plo_tap', 'mail:019e0000-0000-7000-8000-0000000ab310:019e0000-0000-7000-8000-0000000ab311');
insert into auth.totp (user_id, secret_encrypted)
values ('019e0000-0000-7000-8000-0000000ab310', core.encrypt_secret('SEED', 'totp:019e0000-0000-7000-8000-0000000ab310'));
delete from auth.signing_keys;
insert into auth.signing_keys (kid, key_encrypted) values ('tap', core.encrypt_secret('ab', 'signing_key:tap'));
insert into ops.idempotency_keys (user_id, function_name, key, status, tags, expires_at, answer_encrypted)
values ('019e0000-0000-7000-8000-0000000ab310', 'api.tap', 'tap key 1', 201, '{}', now() + interval '1 day',
        core.encrypt_secret('said', 'idempotency:019e0000-0000-7000-8000-0000000ab310:api.tap:tap key 1')),
       ('019e0000-0000-7000-8000-0000000ab310', 'api.tap', 'tap key 2', 201, '{}', now() + interval '1 day',
        core.encrypt_secret('more', 'idempotency:019e0000-0000-7000-8000-0000000ab310:api.tap:tap key 2')),
       ('019e0000-0000-7000-8000-0000000ab310', 'api.tap2', 'tap key 1', 201, '{}', now() + interval '1 day',
        core.encrypt_secret('else', 'idempotency:019e0000-0000-7000-8000-0000000ab310:api.tap2:tap key 1'));
-- Of each kind one that cannot be read: it was written for something else.
insert into auth.users (id, username, email) values ('019e0000-0000-7000-8000-0000000ab320', 'tap_renew_ben',
  'tap_renew_ben@example.org');
insert into auth.totp (user_id, secret_encrypted) values
  ('019e0000-0000-7000-8000-0000000ab320', core.encrypt_secret('SEED', 'tap'));
insert into ops.outbox (user_id, id, kind, address, language, token_encrypted) values
  ('019e0000-0000-7000-8000-0000000ab320', '019e0000-0000-7000-8000-0000000ab321', 'reset_password', 'tap@example.org', 'en',
   core.encrypt_secret('plo_tap', 'tap'));
insert into auth.signing_keys (kid, key_encrypted, retired_at, forget_at) values
  ('tap old', core.encrypt_secret('ab', 'tap'), now(), now() + interval '1 day');
insert into ops.idempotency_keys (user_id, function_name, key, status, tags, expires_at, answer_encrypted) values
  ('019e0000-0000-7000-8000-0000000ab320', 'api.tap', 'tap key 1', 201, '{}', now() + interval '1 day',
   core.encrypt_secret('said', 'tap'));
create temp view strange as
  select t.secret_encrypted as secret from auth.totp t where t.user_id = '019e0000-0000-7000-8000-0000000ab320'
  union all select o.token_encrypted from ops.outbox o where o.user_id = '019e0000-0000-7000-8000-0000000ab320'
  union all select k.key_encrypted from auth.signing_keys k where k.kid = 'tap old'
  union all select k.answer_encrypted from ops.idempotency_keys k where k.user_id = '019e0000-0000-7000-8000-0000000ab320';
create temp table before as select k.id, k.fingerprint, k.version, k.updated_at from auth.provider_keys k
  where k.user_id = '019e0000-0000-7000-8000-0000000ab310';
create function pg_temp.under(p_key bytea) returns bigint language sql volatile as $$
  select count(*) from auth.provider_keys k
    where k.user_id = '019e0000-0000-7000-8000-0000000ab310' and substr(k.secret_encrypted, 2, 4) = p_key
$$;

select is(core.reencrypt_secrets(100), 0, 'nothing to do');
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32), 'aaaaaaaa:' || repeat('ab', 32));
-- One that cannot be read.
update auth.provider_keys set secret_encrypted = set_byte(secret_encrypted, 60, 255 - get_byte(secret_encrypted, 60))
 where user_id = '019e0000-0000-7000-8000-0000000ab310' and name = 'key 5';
set session authorization plinth_operator;
select is(core.reencrypt_secrets(2), 2, 'as many as it may');
reset session authorization;
select is(pg_temp.under('\xbbbbbbbb'), 2::bigint, 'are written anew');
select is(core.reencrypt_secrets(100), 8, 'then the rest, of every kind');
select is(core.reencrypt_secrets(100), 0, 'and nothing is left');
select is(pg_temp.under('\xaaaaaaaa'), 1::bigint, 'but what cannot be read, which stays as it is');
select is(array(select core.decrypt_secret(s.secret, 'tap') from strange s order by 1), '{SEED,ab,plo_tap,said}',
          'of whatever kind');
select is((select array_agg(k.key_id order by 1) from ops.secret_keys k), '{aaaaaaaa,bbbbbbbb}', 'the new key is noted');
select pg_temp.bring('aaaaaaaa:' || repeat('ab', 32), 'bbbbbbbb:' || repeat('cd', 32));
select is(core.reencrypt_secrets(100), 0, 'a process that still has the old key in force does not undo it');
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32));
select results_eq(
  $$ select core.decrypt_secret(k.secret_encrypted, concat('provider_key:', k.user_id, ':', k.id)) from auth.provider_keys k
      where k.user_id = '019e0000-0000-7000-8000-0000000ab310' and k.name <> 'key 5' order by k.name $$,
  $$ select 'sk-0123456789abcdef-' || n from generate_series(1, 4) n $$, 'the old key is not needed for them any more');
select is((select core.decrypt_secret(o.token_encrypted,
  'mail:019e0000-0000-7000-8000-0000000ab310:019e0000-0000-7000-8000-0000000ab311') from ops.outbox o
    where o.id = '019e0000-0000-7000-8000-0000000ab311'), 'plo_tap',
          'nor for a message that waits');
select is((select core.decrypt_secret(t.secret_encrypted, 'totp:' || t.user_id) from auth.totp t
            where t.user_id = '019e0000-0000-7000-8000-0000000ab310'), 'SEED', 'nor for a second factor');
select is((select core.decrypt_secret(k.key_encrypted, 'signing_key:' || k.kid) from auth.signing_keys k where k.kid = 'tap'),
          'ab', 'nor for a key that signs');
select is(array(select core.decrypt_secret(k.answer_encrypted, concat_ws(':', 'idempotency', k.user_id, k.function_name, k.key))
                  from ops.idempotency_keys k where k.user_id = '019e0000-0000-7000-8000-0000000ab310'
                 order by k.function_name, k.key), '{said,more,else}', 'nor for answers to give again');
select results_eq(
  $$ select k.version, k.updated_at from auth.provider_keys k
    where k.user_id = '019e0000-0000-7000-8000-0000000ab310' order by k.id $$,
  $$ select b.version, b.updated_at from before b order by b.id $$, 'for its owner nothing changed');
select is((select count(*)::integer from ops.audit_logs l join before b on b.id::text = l.entity_id where l.action = 'update'), 0,
          'nor is it an event');
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab310', true);
select is((select k.fingerprint from api.set_provider_key('019e0000-0000-7000-8000-0000000ab310', 'x', 'sk-0123456789abcdef-1') k),
          (select k.fingerprint from auth.provider_keys k
            where k.user_id = '019e0000-0000-7000-8000-0000000ab310' and k.name = 'key 1'),
          'fingerprints were made anew, too');

-- Every encrypted column is here.
create function pg_temp.forgotten() returns setof text language sql as $$
  select format('%s.%s', c.oid::regclass, a.attname)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
   where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p') and a.attname ~ '_encrypted$'
     and c.oid <> 'ops.secret_keys'::regclass
     and exists (
       select from (values ('core.reencrypt_secrets'), ('api.list_secret_keys')) f (name)
         join pg_proc p on p.oid = f.name::regproc
        where p.prosrc !~ format('%s\M', c.oid::regclass) or p.prosrc !~ (a.attname || '\M'))
$$;
select is_empty('select pg_temp.forgotten()', 'every column with something encrypted is written anew and counted');
create table base.planted (seed_encrypted bytea);
alter table base.planted owner to plinth_owner;
select results_eq('select pg_temp.forgotten()', array['base.planted.seed_encrypted'], 'one that was forgotten is found');

select pg_temp.bring('cccccccc:' || repeat('ef', 32));
select throws_ok('select core.reencrypt_secrets(10)', 'SV510', null, 'with a key that is not this database''s it does nothing');
set session authorization plinth_web;
select throws_ok('select core.reencrypt_secrets(10)', '42501', null, 'the layer runs it as a job only');
reset session authorization;

select * from finish();
rollback;
