-- core.new_signing_key: a key, unless there is one in force.
begin;
select plan(15);

select is(pg_get_function_arguments('core.new_signing_key'::regproc), '', 'arguments');
select is(pg_get_function_result('core.new_signing_key'::regproc), 'void', 'result');
select volatility_is('core', 'new_signing_key', '{}'::name[], 'volatile');
select is_definer('core', 'new_signing_key', '{}'::name[]);
select function_owner_is('core', 'new_signing_key', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.new_signing_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.new_signing_key'::regproc;

delete from auth.signing_keys;
set local role plinth_system;
select lives_ok('select core.new_signing_key()', 'one');
reset role;
create temp table first as select k.kid, k.key_encrypted from auth.signing_keys k;
set local role plinth_system;
select lives_ok('select core.new_signing_key()', 'there is one');
reset role;
select results_eq('select k.kid, k.key_encrypted from auth.signing_keys k', 'select * from first', 'it stays');
select is(length(core.decrypt_secret(f.key_encrypted, 'signing_key:' || f.kid)), 64, '256 bits, encrypted for its name')
  from first f;
update auth.signing_keys k set retired_at = now(), forget_at = now();
set local role plinth_system;
select lives_ok('select core.new_signing_key()', 'none is in force');
reset role;
select is((select count(distinct k.kid) from auth.signing_keys k), 2::bigint, 'another');
select throws_ok($$ insert into auth.signing_keys (kid, key_encrypted) values ('x', 'x') $$, '23505', null,
                 'two in force cannot be');

set session authorization plinth_operator;
select throws_ok('select core.new_signing_key()', '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
