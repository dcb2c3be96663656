-- core.totp_uri: what an authenticator app reads.
begin;
select plan(11);

select is(pg_get_function_arguments('core.totp_uri'::regproc), 'p_username text, p_secret text', 'arguments');
select is(pg_get_function_result('core.totp_uri'::regproc), 'text', 'result');
select volatility_is('core', 'totp_uri', array['text', 'text'], 'stable');
select isnt_definer('core', 'totp_uri', array['text', 'text']);
select function_owner_is('core', 'totp_uri', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.totp_uri'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.totp_uri'::regproc;

select is(core.totp_uri('alice', 'MZXW6YTBOI'),
  'otpauth://totp/Plinth:alice?secret=MZXW6YTBOI&issuer=Plinth&algorithm=SHA1&digits=6&period=30', 'whose, and what');
update base.settings s set value = 'Müller & Co' where s.name = 'totp.issuer';
select is(core.totp_uri('alice', 'MY'),
  'otpauth://totp/M%C3%BCller%20%26%20Co:alice?secret=MY&issuer=M%C3%BCller%20%26%20Co&algorithm=SHA1&digits=6&period=30',
  'the operator''s own words are escaped');
select is(core.totp_uri('alice', null) like '%secret=&%', true, 'without a seed it is none');

set session authorization plinth_web;
select throws_ok($$ select core.totp_uri('alice', 'MY') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
