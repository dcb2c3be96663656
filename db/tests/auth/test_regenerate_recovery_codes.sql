-- api.regenerate_recovery_codes: ten new ones, the old ones void, on record.
begin;
select plan(17);

select is(pg_get_function_arguments('api.regenerate_recovery_codes'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.regenerate_recovery_codes'::regproc), 'TABLE(recovery_codes text[])', 'result');
select volatility_is('api', 'regenerate_recovery_codes', array['uuid'], 'volatile');
select is_definer('api', 'regenerate_recovery_codes', array['uuid']);
select function_owner_is('api', 'regenerate_recovery_codes', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.regenerate_recovery_codes'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.regenerate_recovery_codes'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f701', 'tap_renew_anna', 'tap_renew_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f702', 'tap_renew_ben', 'tap_renew_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, stepped_up_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day',
       case when s.token <> 'tap_renew 2' then now() end
  from (values ('f701', bytea 'tap_renew 1'), ('f701', 'tap_renew 2'), ('f702', 'tap_renew 3')) as s (user_id, token);
insert into auth.totp (user_id, secret_encrypted, confirmed_at) values
  ('019e0000-0000-7000-8000-00000000f701', 'x', now()), ('019e0000-0000-7000-8000-00000000f702', 'x', null);
insert into auth.recovery_codes (user_id, code_hash) values ('019e0000-0000-7000-8000-00000000f701', sha256('OLD'));

select throws_ok(format('select http.enter(%L, null, sha256(%L), null)', r.auth, 'tap_renew 2'), 'UN003', null, 'no step-up')
  from http.routes r where r.function_name = 'api.regenerate_recovery_codes';
set session authorization plinth_web;
select throws_ok($$ select api.regenerate_recovery_codes('019e0000-0000-7000-8000-00000000f701') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f701', 'in a request')
  from http.enter('step_up', null, sha256('tap_renew 1'), '') e;
select throws_ok($$ select api.regenerate_recovery_codes('019e0000-0000-7000-8000-00000000f702') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
select is(cardinality(a.recovery_codes), 10, 'ten')
  from api.regenerate_recovery_codes('019e0000-0000-7000-8000-00000000f701') a;
reset session authorization;
select results_eq(
  $$ select count(*), count(*) filter (where r.code_hash = sha256('OLD')) from auth.recovery_codes r
      where r.user_id = '019e0000-0000-7000-8000-00000000f701' $$, $$ values (10::bigint, 0::bigint) $$,
  'the old one is void');
select is((select count(*) from ops.audit_logs l where l.action = 'recovery_codes.renewed'
            and l.user_id = '019e0000-0000-7000-8000-00000000f701'), 1::bigint, 'on record');
select is((select count(*) from ops.outbox o where o.kind = 'recovery_codes_renewed'
            and o.user_id = '019e0000-0000-7000-8000-00000000f701'), 1::bigint, 'the owner gets mail');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.regenerate_recovery_codes('019e0000-0000-7000-8000-00000000f702') $$,
                 'NF001', 'There is no second factor', 'one that is only begun has none');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.regenerate_recovery_codes('019e0000-0000-7000-8000-00000000f701') $$, '42501', null,
                 'a reader may not');
reset session authorization;

select * from finish();
rollback;
