-- core.claim_login: takes a name in the directory, or tells that it is taken.
begin;
select plan(15);

select is(pg_get_function_arguments('core.claim_login'::regproc),
  'p_user_id uuid, p_kind text, p_login text', 'arguments');
select is(pg_get_function_result('core.claim_login'::regproc),
  'void', 'result');
select volatility_is('core', 'claim_login', array['uuid', 'text', 'text'], 'volatile');
select isnt_definer('core', 'claim_login', array['uuid', 'text', 'text']);
select function_owner_is('core', 'claim_login', array['uuid', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.claim_login'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.claim_login'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f401', 'tap_claim_anna', 'tap_claim_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f402', 'tap_claim_ben', 'tap_claim_ben@example.org');
create temp view logins as select array_agg(l.login order by l.login) as names from auth.logins l
 where l.user_id = '019e0000-0000-7000-8000-00000000f401';
select lives_ok($$ select core.claim_login('019e0000-0000-7000-8000-00000000f401', 'username', 'Tap_Claim_Cora') $$, 'a free name');
select is(l.names, '{tap_claim_anna@example.org,tap_claim_cora}', 'it is the account''s, the old one is free') from logins l;
select lives_ok($$ select core.claim_login('019e0000-0000-7000-8000-00000000f401', 'username', 'TAP_claim_cora') $$,
                'what it has already');
select lives_ok($$ select core.claim_login('019e0000-0000-7000-8000-00000000f401', 'email', 'Cora@Example.org') $$, 'an address');
select is(l.names, '{cora@example.org,tap_claim_cora}', 'is the account''s, too') from logins l;
select throws_ok($$ select core.claim_login('019e0000-0000-7000-8000-00000000f401', 'username', 'TAP_CLAIM_BEN') $$, 'KC001',
                 'The username is taken', 'another''s name');
select throws_ok($$ select core.claim_login('019e0000-0000-7000-8000-00000000f401', 'email', 'tap_claim_ben@example.org') $$,
                 'KC001', 'The address is taken', 'another''s address');
select is(l.names, '{cora@example.org,tap_claim_cora}', 'nothing is lost by that') from logins l;

select * from finish();
rollback;
