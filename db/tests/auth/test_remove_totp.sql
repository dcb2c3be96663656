-- api.remove_totp: the second factor goes, and its recovery codes with it.
begin;
select plan(18);

select is(pg_get_function_arguments('api.remove_totp'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.remove_totp'::regproc), 'void', 'result');
select volatility_is('api', 'remove_totp', array['uuid'], 'volatile');
select is_definer('api', 'remove_totp', array['uuid']);
select function_owner_is('api', 'remove_totp', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.remove_totp'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.remove_totp'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f601', 'tap_remove_anna', 'tap_remove_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f602', 'tap_remove_ben', 'tap_remove_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, stepped_up_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day',
       case when s.token <> 'tap_remove 2' then now() end
  from (values ('f601', bytea 'tap_remove 1'), ('f601', 'tap_remove 2'), ('f602', 'tap_remove 3')) as s (user_id, token);
insert into auth.totp (user_id, secret_encrypted, confirmed_at) values
  ('019e0000-0000-7000-8000-00000000f601', 'x', now()), ('019e0000-0000-7000-8000-00000000f602', 'x', null);
insert into auth.recovery_codes (user_id, code_hash) values ('019e0000-0000-7000-8000-00000000f601', sha256('tap remove'));

select throws_ok(format('select http.enter(%L, null, sha256(%L), null)', r.auth, 'tap_remove 2'), 'UN003', null, 'no step-up')
  from http.routes r where r.function_name = 'api.remove_totp';
set session authorization plinth_web;
select throws_ok($$ select api.remove_totp('019e0000-0000-7000-8000-00000000f601') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f601', 'in a request')
  from http.enter('step_up', null, sha256('tap_remove 1'), '') e;
select throws_ok($$ select api.remove_totp('019e0000-0000-7000-8000-00000000f602') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
select lives_ok($$ select api.remove_totp('019e0000-0000-7000-8000-00000000f601') $$, 'it goes');
select throws_ok($$ select api.remove_totp('019e0000-0000-7000-8000-00000000f601') $$, 'NF001', 'There is no second factor',
                 'once');
reset session authorization;
select is_empty($$ select from auth.recovery_codes r where r.code_hash = sha256('tap remove') $$, 'the recovery codes, too');
select is(u.two_factor_enabled, false, 'nobody is asked for it') from auth.users u where u.username = 'tap_remove_anna';
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select lives_ok($$ select api.remove_totp('019e0000-0000-7000-8000-00000000f602') $$,
                'an operator, for whom it names; also one only begun');
reset session authorization;
select results_eq(
  $$ select right(o.user_id::text, 4) from ops.outbox o where o.kind = 'second_factor_removed'
      and o.user_id::text like '%f60_' $$,
  array['f601'], 'who had one gets mail');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.remove_totp('019e0000-0000-7000-8000-00000000f601') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
