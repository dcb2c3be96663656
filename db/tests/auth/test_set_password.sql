-- api.set_password: an operator sets an account's password; whoever is signed in there is signed out.
begin;
select plan(28);

select is(pg_get_function_arguments('api.set_password'::regproc), 'p_login text, p_password text', 'arguments');
select is(pg_get_function_result('api.set_password'::regproc), 'void', 'result');
select volatility_is('api', 'set_password', array['text', 'text'], 'volatile');
select is_definer('api', 'set_password', array['text', 'text']);
select function_owner_is('api', 'set_password', array['text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.set_password'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_password'::regproc;

update base.settings s set value = '15' where s.name = 'password.minimum_length';
insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000a701', 'tap_pass_annabella', 'tap.zorro@example.org', 'x'),
  ('019e0000-0000-7000-8000-00000000a702', 'tap_pass_ben', 'tap_pass_ben@example.org', 'y');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at, ended_at, end_reason)
select s.user_id::uuid, base.new_id(), sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day', s.ended_at, s.reason
  from (values ('019e0000-0000-7000-8000-00000000a701', bytea 'tap pass 1', null::timestamptz, null),
               ('019e0000-0000-7000-8000-00000000a701', bytea 'tap pass 2', '2000-01-01', 'before'),
               ('019e0000-0000-7000-8000-00000000a702', bytea 'tap pass 3', null, null))
    as s (user_id, token, ended_at, reason);

select set_config('plinth.context', E'\x1fr\x1f192.0.2.74\x1f', true);
select count(core.count_attempt('password', 'tap_pass_annabella', false)) from generate_series(1, 6);
select isnt(core.check_attempts('password', 'tap_pass_annabella'), true, 'who failed too often is locked out');
select set_config('plinth.context', '', true), set_config('plinth.failure', '', true);
select core.send_mail('019e0000-0000-7000-8000-00000000a701', k, '{"email": "tap.thief@example.org"}')
  from unnest(array['reset_password', 'verify_email']) k;
set session authorization plinth_operator;
select lives_ok($$ select api.set_password('Tap_Pass_Annabella', 'correct horse battery') $$,
                'by the username, in any case');
reset session authorization;
select ok(core.password_matches('correct horse battery', u.password_hash), 'it is set')
  from auth.users u where u.username = 'tap_pass_annabella';
select set_config('plinth.context', E'\x1fr\x1f192.0.2.74\x1f', true);
select is(core.check_attempts('password', 'tap_pass_annabella'), true, 'and nobody is locked out any more');
select set_config('plinth.context', '', true);
select is((select u.password_hash from auth.users u where u.username = 'tap_pass_ben'), 'y', 'nobody else''s is');
select results_eq(
  $$ select s.end_reason, s.ended_at < now() from auth.sessions s
      where s.user_id = '019e0000-0000-7000-8000-00000000a701' order by s.ended_at $$,
  $$ values ('before', true), ('password changed', false) $$, 'every session is ended; one that was keeps its reason');
select is((select count(*) from auth.one_time_tokens t
            where t.user_id = '019e0000-0000-7000-8000-00000000a701' and t.voided_at is null), 0::bigint, 'links are void');
select is(array(select o.kind from ops.outbox o where o.user_id = '019e0000-0000-7000-8000-00000000a701' order by o.id),
          '{reset_password,verify_email,password_changed}', 'the owner is told');
select is((select s.ended_at from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000a702'), null,
          'nobody else''s is ended');
select isnt_empty(
  $$ select from base.touched_tags t
      where t.xid = pg_current_xact_id() and t.tag = 'sessions:019e0000-0000-7000-8000-00000000a701' $$,
  'what was cached under them is void');
select results_eq(
  $$ select l.acting_role, l.changed from ops.audit_logs l
      where l.entity_type = 'auth.users' and l.action = 'update'
        and l.user_id = '019e0000-0000-7000-8000-00000000a701' $$,
  $$ values ('plinth_operator' collate "default", '{password_hash}'::text[]) $$, 'the change is on record');
select lives_ok($$ select api.set_password('TAP.zorro@example.org', 'correct horse batterY') $$, 'by the address');

select throws_ok($$ select api.set_password('tap_pass_nobody', 'correct horse battery') $$,
                 'NF001', 'There is no account tap_pass_nobody', 'an unknown login');
select throws_ok($$ select api.set_password(null, 'correct horse battery') $$, 'NF001', null, 'no login');
select throws_ok($$ select api.set_password('tap_pass_ben', 'short') $$,
                 'VL001', 'password must have at least 15 characters', 'a password that breaks a rule');
select throws_ok($$ select api.set_password('tap_pass_annabella', 'tap_pass_annabella1') $$,
  'VL001', 'password must be more than your name, your address or the product''s name', 'one made of the username');
select throws_ok($$ select api.set_password('tap_pass_annabella', 'tap.zorro123456') $$,
  'VL001', 'password must be more than your name, your address or the product''s name and a sequence', 'one made of the address');
select throws_ok($$ select api.set_password('tap_pass_ben', null) $$, 'VL003', 'A password is needed', 'none');
select is((select u.password_hash from auth.users u where u.username = 'tap_pass_ben'), 'y',
          'none of them changed anything');

set session authorization plinth_web;
select throws_ok($$ select api.set_password('tap_pass_ben', 'correct horse battery') $$, '42501', null,
                 'the layer may not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.set_password('tap_pass_ben', 'correct horse battery') $$, '42501', null, 'nor a reader');
reset session authorization;

select * from finish();
rollback;
