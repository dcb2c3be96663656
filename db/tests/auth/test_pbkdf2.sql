-- core.pbkdf2: the published vectors of RFC 6070 and RFC 7914, and its bounds.
begin;
select plan(20);

select is(pg_get_function_arguments('core.pbkdf2'::regproc),
  'p_digest text, p_password bytea, p_salt bytea, p_rounds integer, p_length integer', 'arguments');
select is(pg_get_function_result('core.pbkdf2'::regproc),
  'bytea', 'result');
select volatility_is('core', 'pbkdf2', array['text', 'bytea', 'bytea', 'integer', 'integer'], 'immutable');
select isnt_definer('core', 'pbkdf2', array['text', 'bytea', 'bytea', 'integer', 'integer']);
select function_owner_is('core', 'pbkdf2', array['text', 'bytea', 'bytea', 'integer', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.pbkdf2'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.pbkdf2'::regproc;

-- RFC 6070; the vector of 16,777,216 rounds is beyond the bound.
select is(encode(core.pbkdf2('sha1', 'password', 'salt', 1, 20), 'hex'), '0c60c80f961f0e71f3a9b524af6012062fe037a6', 'sha1, 1');
select is(encode(core.pbkdf2('sha1', 'password', 'salt', 2, 20), 'hex'), 'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957', 'sha1, 2');
select is(encode(core.pbkdf2('sha1', 'password', 'salt', 4096, 20), 'hex'), '4b007901b765489abead49d926f721d065a429c1',
          'sha1, 4096');
select is(encode(core.pbkdf2('sha1', 'passwordPASSWORDpassword', 'saltSALTsaltSALTsaltSALTsaltSALTsalt', 4096, 25), 'hex'),
          '3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038', 'sha1, more than one block');
select is(encode(core.pbkdf2('sha1', '\x7061737300776f7264', '\x7361006c74', 4096, 16), 'hex'),
          '56fa6aa75548099dcc37d7f03425e0c3', 'sha1, with a zero in it, cut off');
-- RFC 7914, section 11.
select is(encode(core.pbkdf2('sha256', 'passwd', 'salt', 1, 64), 'hex'),
          '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc'
          '49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783', 'sha256, 1');
select is(encode(core.pbkdf2('sha256', 'Password', 'NaCl', 80000, 64), 'hex'),
          '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56'
          'a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d', 'sha256, 80,000');
-- Python's hashlib.
select is(encode(core.pbkdf2('sha512', 'password', 'salt', 1, 64), 'hex'),
          '867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252'
          'c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce', 'sha512');
select is(core.pbkdf2('sha256', null, 'salt', 1, 32), null, 'no password');
select throws_ok($$ select core.pbkdf2('sha256', 'x', 'y', 3000001, 32) $$, '22023', null, 'too many rounds');
select throws_ok($$ select core.pbkdf2('sha256', 'x', 'y', 0, 32) $$, '22023', null, 'none');
select throws_ok($$ select core.pbkdf2('sha256', 'x', 'y', 1, 129) $$, '22023', null, 'too long');

set session authorization plinth_web;
select throws_ok($$ select core.pbkdf2('sha1', 'x', 'y', 1, 20) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
