-- core.sign_jwt: the example of RFC 7515, appendix A.1.
begin;
select plan(10);

select is(pg_get_function_arguments('core.sign_jwt'::regproc),
  'p_header json, p_claims json, p_key bytea', 'arguments');
select is(pg_get_function_result('core.sign_jwt'::regproc), 'text', 'result');
select volatility_is('core', 'sign_jwt', array['json', 'json', 'bytea'], 'immutable');
select isnt_definer('core', 'sign_jwt', array['json', 'json', 'bytea']);
select function_owner_is('core', 'sign_jwt', array['json', 'json', 'bytea'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.sign_jwt'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.sign_jwt'::regproc;

select is(
  core.sign_jwt(E'{"typ":"JWT",\r\n "alg":"HS256"}',
                E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}',
                decode(translate('AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
                                 '-_', '+/') || '==', 'base64')),
  'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9'
  '.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
  '.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'word for word');
select is(core.sign_jwt('{}', null, 'x'), null, 'no claims, no token');

set session authorization plinth_web;
select throws_ok($$ select core.sign_jwt('{}', '{}', 'x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
