-- core.adopt_secret_key: notes that this database is used with the key in force.
begin;
select plan(18);

select is(pg_get_function_arguments('core.adopt_secret_key'::regproc),
  '', 'arguments');
select is(pg_get_function_result('core.adopt_secret_key'::regproc),
  'void', 'result');
select volatility_is('core', 'adopt_secret_key', '{}'::name[], 'volatile');
select is_definer('core', 'adopt_secret_key', '{}'::name[]);
select function_owner_is('core', 'adopt_secret_key', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.adopt_secret_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.adopt_secret_key'::regproc;

delete from ops.secret_keys;
create function pg_temp.bring(variadic p_keys text[]) returns void language sql volatile as $$
  select set_config('plinth.secret_keys', array_to_string(p_keys, ','), true)
$$;

select pg_temp.bring('aaaaaaaa:' || repeat('ab', 32));
set session authorization plinth_operator;
select lives_ok('select core.adopt_secret_key()', 'the first key');
select lives_ok('select core.adopt_secret_key()', 'again is no error');
reset session authorization;
select is((select array_agg(k.key_id) from ops.secret_keys k), '{aaaaaaaa}', 'is noted once');
select is((select core.decrypt_secret(k.check_encrypted, 'secret key check') from ops.secret_keys k), 'plinth',
  'with a word to know it by');
select is((select count(*)::integer from ops.secret_keys k where k::text ~ repeat('ab', 8)), 0, 'and not the key');
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32));
select throws_ok('select core.adopt_secret_key()', 'SV510', null, 'a key that does not fit is not adopted');
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32), 'aaaaaaaa:' || repeat('ab', 32));
select lives_ok('select core.adopt_secret_key()', 'beside the one that fits it is');
select is((select array_agg(k.key_id order by 1) from ops.secret_keys k), '{aaaaaaaa,bbbbbbbb}', 'and noted');
select results_eq(
  $$ select l.acting_role, l.entity_id from ops.audit_logs l
      where l.action = 'secret_key.adopted' and l.entity_id in ('aaaaaaaa', 'bbbbbbbb') order by l.id $$,
  $$ values ('plinth_operator' collate "default", 'aaaaaaaa'), (session_user::text collate "default", 'bbbbbbbb') $$,
  'the trail has by whom, once each');
delete from ops.secret_keys;
select set_config('plinth.secret_keys', '', true);
select throws_ok('select core.adopt_secret_key()', 'SV503', null, 'no key, nothing to adopt');
set session authorization plinth_web;
select throws_ok('select core.adopt_secret_key()', '42501', null, 'the layer does not');
reset session authorization;

select * from finish();
rollback;
