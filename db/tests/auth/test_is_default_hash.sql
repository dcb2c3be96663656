-- core.is_default_hash: knows the public hashes of the development seeds by their salt, whatever the account is called.
begin;
select plan(16);

select is(pg_get_function_arguments('core.is_default_hash'::regproc), 'p_hash text', 'arguments');
select is(pg_get_function_result('core.is_default_hash'::regproc), 'boolean', 'result');
select volatility_is('core', 'is_default_hash', array['text'], 'stable');
select isnt_definer('core', 'is_default_hash', array['text']);
select function_owner_is('core', 'is_default_hash', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.is_default_hash'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.is_default_hash'::regproc;

select ok(core.is_default_hash('$2a$12$plinthseedsalice00000uorJ0z9B3Z9lqm9lQ4L4iEEVlGNNq5rm'), 'the one of alice');
select ok(core.is_default_hash('$2b$12$plinthseedsalice00000uorJ0z9B3Z9lqm9lQ4L4iEEVlGNNq5rm'), 'written as $2b$');
select isnt_empty(
  $$ select from auth.users u where u.username in ('admin', 'developer', 'testuser', 'readonly', 'alice', 'bob') $$,
  'the seeds of this database');
select is_empty(
  $$ select u.username from auth.users u
      where u.username in ('admin', 'developer', 'testuser', 'readonly', 'alice', 'bob')
        and not core.is_default_hash(u.password_hash) $$, 'are all known');

select ok(not core.is_default_hash('$2a$12$' || repeat('a', 53)), 'another plain hash is not');
select ok(not core.is_default_hash('p1$2a$12$' || 'plinthseeds' || repeat('a', 42)), 'nor one in our own format');
select ok(not core.is_default_hash(core.hash_password('Dev@12345')), 'nor the same password, hashed anew');
select is(core.is_default_hash(null), null, 'no hash');

set session authorization plinth_web;
select throws_ok($$ select core.is_default_hash('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
