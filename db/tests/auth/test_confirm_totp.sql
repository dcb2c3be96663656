-- api.confirm_totp: a right code makes the second factor count and tells the recovery codes, once.
begin;
select plan(24);

select is(pg_get_function_arguments('api.confirm_totp'::regproc), 'p_user_id uuid, p_code text', 'arguments');
select is(pg_get_function_result('api.confirm_totp'::regproc), 'TABLE(recovery_codes text[])', 'result');
select volatility_is('api', 'confirm_totp', array['uuid', 'text'], 'volatile');
select is_definer('api', 'confirm_totp', array['uuid', 'text']);
select function_owner_is('api', 'confirm_totp', array['uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.confirm_totp'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.confirm_totp'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f501', 'tap_confirm_anna', 'tap_confirm_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f502', 'tap_confirm_ben', 'tap_confirm_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, stepped_up_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day',
       case when s.token <> 'tap_confirm 2' then now() end
  from (values ('f501', bytea 'tap_confirm 1'), ('f501', 'tap_confirm 2'), ('f502', 'tap_confirm 3')) as s (user_id, token);
create function pg_temp.code(p_steps integer default 0) returns text language sql volatile as $$
  select core.totp('12345678901234567890', floor(extract(epoch from clock_timestamp()) / 30)::bigint + p_steps)
$$;
-- No test crosses into the next step: near its end, the beginning of the next is waited for.
select pg_sleep(greatest(0, 5 - 30 + extract(epoch from clock_timestamp())::numeric % 30));
insert into auth.totp (user_id, secret_encrypted)
values ('019e0000-0000-7000-8000-00000000f501', core.encrypt_secret(core.base32_encode('12345678901234567890'),
                                                                    'totp:019e0000-0000-7000-8000-00000000f501'));
create temp table code as select pg_temp.code(-1) as before, pg_temp.code() as now;
create temp table answer (codes text[]);
grant all on answer, code to plinth_web, plinth_system;

select throws_ok(format('select http.enter(%L, null, sha256(%L), null)', r.auth, 'tap_confirm 2'), 'UN003', null, 'no step-up')
  from http.routes r where r.function_name = 'api.confirm_totp';
set session authorization plinth_web;
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f501', '1') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f501', 'in a request')
  from http.enter('step_up', null, sha256('tap_confirm 1'), '') e;
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f502', '1') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f501', '1234567') $$,
                 'VL001', 'code is not what the generator shows now; is its clock right?', 'a wrong code');
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f501', null) $$, 'VL001', null, 'no code');
insert into answer select a.recovery_codes from code c, api.confirm_totp('019e0000-0000-7000-8000-00000000f501', c.now) a;
select is(cardinality(a.codes), 10, 'ten recovery codes') from answer a;
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f501', '1') $$,
                 'KC004', 'It is confirmed already', 'once');
reset session authorization;
select results_eq(
  $$ select t.confirmed_at, u.two_factor_enabled from auth.totp t join auth.users u on u.id = t.user_id
      where u.username = 'tap_confirm_anna' $$, $$ values (now(), true) $$,
  'from now on it is asked for');
select set_config('plinth.caller', '', true);
set local role plinth_system;
select is(core.check_second_factor('019e0000-0000-7000-8000-00000000f501', c.now), 'wrong',
          'the code was used up') from code c;
select is(core.check_second_factor('019e0000-0000-7000-8000-00000000f501', a.codes[10]), 'right', 'a recovery code works')
  from answer a;
reset role;
select results_eq(
  $$ select s.token_hash, s.end_reason from auth.sessions s
      where s.user_id in ('019e0000-0000-7000-8000-00000000f501', '019e0000-0000-7000-8000-00000000f502')
        and s.ended_at is not null $$,
  $$ values (sha256('tap_confirm 2'), 'second factor added') $$, 'the user''s other session ended');
select is((select count(*) from ops.outbox o where o.kind = 'second_factor_added'
            and o.user_id = '019e0000-0000-7000-8000-00000000f501'), 1::bigint, 'the owner gets mail');
select is((select count(*) from ops.audit_logs l where l.action = 'update'
            and 'two_factor_enabled' = any (l.changed)
            and l.user_id = '019e0000-0000-7000-8000-00000000f501'), 1::bigint, 'the trail tells it');
set session authorization plinth_operator;
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f502', '1') $$,
                 'NF001', 'No second factor waits to be confirmed', 'nothing was begun');
reset session authorization;
update auth.totp t set confirmed_at = null where t.user_id = '019e0000-0000-7000-8000-00000000f501';
select set_config('plinth.secret_keys', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f501', '1') $$, 'SV503', null, 'not without keys');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.confirm_totp('019e0000-0000-7000-8000-00000000f501', '1') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
