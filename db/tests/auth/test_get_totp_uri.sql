-- api.get_totp_uri: what an app reads, until it is confirmed.
begin;
select plan(18);

select is(pg_get_function_arguments('api.get_totp_uri'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.get_totp_uri'::regproc), 'text', 'result');
select volatility_is('api', 'get_totp_uri', array['uuid'], 'stable');
select is_definer('api', 'get_totp_uri', array['uuid']);
select function_owner_is('api', 'get_totp_uri', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_totp_uri'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_totp_uri'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f401', 'tap_uri_anna', 'tap_uri_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f402', 'tap_uri_ben', 'tap_uri_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, stepped_up_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day',
       case when s.token <> 'tap_uri 2' then now() end
  from (values ('f401', bytea 'tap_uri 1'), ('f401', 'tap_uri 2'), ('f402', 'tap_uri 3')) as s (user_id, token);
insert into auth.totp (user_id, secret_encrypted)
values ('019e0000-0000-7000-8000-00000000f401', core.encrypt_secret('MZXW6YTB', 'totp:019e0000-0000-7000-8000-00000000f401'));

select throws_ok(format('select http.enter(%L, null, sha256(%L), null)', r.auth, 'tap_uri 2'), 'UN003', null, 'no step-up')
  from http.routes r where r.function_name = 'api.get_totp_uri';
set session authorization plinth_web;
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f401') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f401', 'in a request')
  from http.enter('step_up', null, sha256('tap_uri 1'), '') e;
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f402') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
select is(api.get_totp_uri('019e0000-0000-7000-8000-00000000f401'), 'otpauth://totp/Plinth:tap_uri_anna'
          '?secret=MZXW6YTB&issuer=Plinth&algorithm=SHA1&digits=6&period=30', 'whose, and the seed');
reset session authorization;
update auth.totp t set confirmed_at = now() where t.user_id = '019e0000-0000-7000-8000-00000000f401';
set session authorization plinth_web;
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f401') $$,
                 'NF001', 'No second factor waits to be confirmed', 'confirmed, it is never told again');
reset session authorization;
select set_config('plinth.caller', '', true);
update auth.totp t set confirmed_at = null where t.user_id = '019e0000-0000-7000-8000-00000000f401';
set session authorization plinth_operator;
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f401') $$, 'NP001',
                 'A seed is shown to its owner''s requests only', 'an operator does not see it');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f401', true);
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f401') $$, 'NP001',
                 'A seed is shown to its owner''s requests only', 'nor when he says that he is its owner');
set session authorization plinth_web;
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f402', true);
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f402') $$, 'NF001', null, 'nothing was begun');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f401', true), set_config('plinth.secret_keys', '', true);
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f401') $$, 'SV503', null, 'not without keys');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.get_totp_uri('019e0000-0000-7000-8000-00000000f401') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
