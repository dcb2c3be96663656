-- core.signing_key: the key in force, made when there is none.
begin;
select plan(17);

select is(pg_get_function_arguments('core.signing_key'::regproc), 'OUT kid text, OUT key bytea', 'arguments');
select is(pg_get_function_result('core.signing_key'::regproc), 'record', 'result');
select volatility_is('core', 'signing_key', '{}'::name[], 'volatile');
select is_definer('core', 'signing_key', '{}'::name[]);
select function_owner_is('core', 'signing_key', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.signing_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.signing_key'::regproc;

delete from auth.signing_keys;
create temp table told (kid text, key bytea);
grant all on told to plinth_owner;
set local role plinth_owner;
insert into told select k.kid, k.key from core.signing_key() k;
reset role;
select matches(t.kid, '^[0-9a-f]{16}$', 'a name') from told t;
select is(length(t.key), 32, '256 bits') from told t;
set local role plinth_owner;
select results_eq('select * from core.signing_key()', 'select * from told', 'the same again');
reset role;
select results_eq('select k.kid, k.retired_at from auth.signing_keys k', 'select t.kid, null::timestamptz from told t', 'one');
select is_empty($$ select from auth.signing_keys k, told t where k::text like '%' || encode(t.key, 'hex') || '%' $$,
                'not in clear');
update auth.signing_keys k set retired_at = now(), forget_at = now();
set local role plinth_owner;
select isnt(k.kid, t.kid, 'a retired one is not in force') from core.signing_key() k, told t;
reset role;

update auth.signing_keys k set key_encrypted = '\x01' where k.retired_at is null;
set local role plinth_owner;
select throws_ok('select core.signing_key()', 'SV510', null, 'one that was altered');
select set_config('plinth.secret_keys', '', true);
select throws_ok('select core.signing_key()', 'SV510', null, 'format first');
reset role;
delete from auth.signing_keys;
set local role plinth_owner;
select throws_ok('select core.signing_key()', 'SV503', null, 'not without keys');
reset role;

set session authorization plinth_web;
select throws_ok('select core.signing_key()', '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
