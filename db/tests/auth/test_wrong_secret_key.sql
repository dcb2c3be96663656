-- core.wrong_secret_key: whether the keys at hand are those of this database.
begin;
select plan(16);

select is(pg_get_function_arguments('core.wrong_secret_key'::regproc),
  '', 'arguments');
select is(pg_get_function_result('core.wrong_secret_key'::regproc),
  'text', 'result');
select volatility_is('core', 'wrong_secret_key', '{}'::name[], 'stable');
select isnt_definer('core', 'wrong_secret_key', '{}'::name[]);
select function_owner_is('core', 'wrong_secret_key', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.wrong_secret_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.wrong_secret_key'::regproc;

delete from ops.secret_keys;
create function pg_temp.bring(variadic p_keys text[]) returns void language sql volatile as $$
  select set_config('plinth.secret_keys', array_to_string(p_keys, ','), true)
$$;

select pg_temp.bring('aaaaaaaa:' || repeat('ab', 32));
select is(core.wrong_secret_key(), null, 'any key is right for a database that was used with none');
select core.adopt_secret_key();
select is(core.wrong_secret_key(), null, 'the one it was used with');
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32));
select is(core.wrong_secret_key(),
  'PLINTH_SECRET_KEY is not the key of this database: it has the id bbbbbbbb, the database was used with aaaaaaaa', 'another one');
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32), 'aaaaaaaa:' || repeat('ab', 32));
select is(core.wrong_secret_key(), null, 'another one beside it takes its place');
select core.adopt_secret_key();
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32));
select is(core.wrong_secret_key(), null, 'and is then one of its own');
select pg_temp.bring('cccccccc:' || repeat('ef', 32));
select matches(core.wrong_secret_key(), 'was used with (aaaaaaaa, bbbbbbbb|bbbbbbbb, aaaaaaaa)$', 'a third one is not');
select pg_temp.bring('aaaaaaaa:' || repeat('00', 32));
select matches(core.wrong_secret_key(), '^PLINTH_SECRET_KEY is not the key', 'nor one that only calls itself so');
select set_config('plinth.secret_keys', '', true);
select matches(core.wrong_secret_key(), 'it has the id none', 'nor none');
set session authorization plinth_web;
select throws_ok('select core.wrong_secret_key()', '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
