-- core.tried_login: what the audit trail keeps of a login that somebody typed.
begin;
select plan(12);

select is(pg_get_function_arguments('core.tried_login'::regproc), 'p_user_id uuid, p_login text', 'arguments');
select is(pg_get_function_result('core.tried_login'::regproc), 'jsonb', 'result');
select volatility_is('core', 'tried_login', array['uuid', 'text'], 'stable');
select isnt_definer('core', 'tried_login', array['uuid', 'text']);
select function_owner_is('core', 'tried_login', array['uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.tried_login'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.tried_login'::regproc;

select is(core.tried_login('019e0000-0000-7000-8000-00000000fe01', 'Anna'),
          '{"login": "Anna"}' || core.tried_login(null, 'anna'), 'an account''s login, and its digest');
select is(core.tried_login(null, 'Anna'), core.tried_login(null, 'ANNA'), 'an unknown one in any case');
select ok(core.tried_login(null, 'my secret')::text !~ 'secret', 'without what was typed');
select ok(core.tried_login(null, null) ? 'login_digest', 'nothing typed');
set local plinth.secret_keys = '';
select throws_ok($$ select core.tried_login(null, 'Anna') $$, 'SV503', null, 'no keys');

select * from finish();
rollback;
