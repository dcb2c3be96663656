-- core.hash_password: p<pepper version>$ and bcrypt over the peppered password, at the cost of the setting.
begin;
select plan(14);

select is(pg_get_function_arguments('core.hash_password'::regproc), 'p_password text', 'arguments');
select is(pg_get_function_result('core.hash_password'::regproc), 'text', 'result');
select volatility_is('core', 'hash_password', array['text'], 'volatile');
select isnt_definer('core', 'hash_password', array['text']);
select function_owner_is('core', 'hash_password', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.hash_password'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.hash_password'::regproc;

select set_config('plinth.pepper', 'p7:' || repeat('cd', 32), true);
update base.settings s set value = '5' where s.name = 'password.bcrypt_cost';

select matches(core.hash_password('correct horse battery'), '^p7\$2a\$05\$[./A-Za-z0-9]{53}$',
               'version of the pepper, algorithm, cost, salt and hash');
select isnt(core.hash_password('correct horse battery'), core.hash_password('correct horse battery'), 'salted');
select is(h.hash, 'p7' || ext.crypt(core.peppered('correct horse battery'), substr(h.hash, 3)),
          'of the peppered password')
  from (select core.hash_password('correct horse battery') as hash) h;

update base.settings s set value = '4' where s.name = 'password.bcrypt_cost';
select matches(core.hash_password('correct horse battery'), '^p7\$2a\$04\$', 'the cost is a setting');
select is(core.hash_password(null), null, 'no password, no hash');

select set_config('plinth.pepper', '', true);
select throws_ok($$ select core.hash_password('correct horse battery') $$, 'SV503', null, 'no pepper, no hash');

set session authorization plinth_web;
select throws_ok($$ select core.hash_password('correct horse battery') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
