-- api.get_recovery_codes: how many are left.
begin;
select plan(14);

select is(pg_get_function_arguments('api.get_recovery_codes'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.get_recovery_codes'::regproc),
  'TABLE(remaining integer, created_at timestamp with time zone)', 'result');
select volatility_is('api', 'get_recovery_codes', array['uuid'], 'stable');
select is_definer('api', 'get_recovery_codes', array['uuid']);
select function_owner_is('api', 'get_recovery_codes', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_recovery_codes'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_recovery_codes'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f801', 'tap_left_anna', 'tap_left_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f802', 'tap_left_ben', 'tap_left_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, stepped_up_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day', now()
  from (values ('f801', bytea 'tap_left 1'), ('f801', 'tap_left 2'), ('f802', 'tap_left 3')) as s (user_id, token);
insert into auth.totp (user_id, secret_encrypted, confirmed_at) values ('019e0000-0000-7000-8000-00000000f801', 'x', now());
insert into auth.recovery_codes (user_id, code_hash, used_at)
select '019e0000-0000-7000-8000-00000000f801', sha256(n::text::bytea), case when n > 7 then now() end from generate_series(1, 10) n;

set session authorization plinth_web;
select throws_ok($$ select api.get_recovery_codes('019e0000-0000-7000-8000-00000000f801') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f801', 'in a request')
  from http.enter('step_up', null, sha256('tap_left 1'), '') e;
select throws_ok($$ select api.get_recovery_codes('019e0000-0000-7000-8000-00000000f802') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
select results_eq($$ select * from api.get_recovery_codes('019e0000-0000-7000-8000-00000000f801') $$,
                  $$ values (7, now()) $$, 'those that were not used');
reset session authorization;
select set_config('plinth.caller', '', true);
update auth.recovery_codes r set used_at = now() where r.user_id = '019e0000-0000-7000-8000-00000000f801';
set session authorization plinth_operator;
select results_eq($$ select a.remaining from api.get_recovery_codes('019e0000-0000-7000-8000-00000000f801') a $$, array[0],
                  'none is left');
select throws_ok($$ select from api.get_recovery_codes('019e0000-0000-7000-8000-00000000f802') $$,
                 'NF001', 'There is no second factor', 'who has no second factor has none');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.get_recovery_codes('019e0000-0000-7000-8000-00000000f801') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
