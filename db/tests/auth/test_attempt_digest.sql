-- core.attempt_digest: what stands for a login, user or address where attempts are counted.
begin;
select plan(14);

select is(pg_get_function_arguments('core.attempt_digest'::regproc), 'p_text text', 'arguments');
select is(pg_get_function_result('core.attempt_digest'::regproc), 'bytea', 'result');
select volatility_is('core', 'attempt_digest', array['text'], 'stable');
select isnt_definer('core', 'attempt_digest', array['text']);
select function_owner_is('core', 'attempt_digest', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.attempt_digest'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.attempt_digest'::regproc;

select is(length(core.attempt_digest('anna')), 16, '16 bytes');
select is(core.attempt_digest('anna'), core.attempt_digest('anna'), 'the same for the same');
select isnt(core.attempt_digest('anna'), core.attempt_digest('Anna'), 'another for another');
select is(core.attempt_digest(null), core.attempt_digest(''), 'nothing is a subject, too');
create temp table before as select core.attempt_digest('anna') as digest;
select set_config('plinth.secret_keys', '00000001:' || repeat('cd', 32), true);
select isnt(core.attempt_digest('anna'), b.digest, 'worth nothing without the key') from before b;
select set_config('plinth.secret_keys', '', true);
select throws_ok($$ select core.attempt_digest('anna') $$, 'SV503', null, 'no key');

set session authorization plinth_web;
select throws_ok($$ select core.attempt_digest('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
