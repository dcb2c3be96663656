-- api.create_user: registers. A taken username is told, a taken address is not: its owner gets mail instead.
begin;
select plan(47);

select is(pg_get_function_arguments('api.create_user'::regproc),
  'p_username text, p_email text, p_password text, p_full_name text DEFAULT NULL::text, '
  'p_id uuid DEFAULT NULL::uuid', 'arguments');
select is(pg_get_function_result('api.create_user'::regproc), 'SETOF core.user_profiles', 'result');
select volatility_is('api', 'create_user', array['text', 'text', 'text', 'text', 'uuid'], 'volatile');
select is_definer('api', 'create_user', array['text', 'text', 'text', 'text', 'uuid']);
select function_owner_is('api', 'create_user', array['text', 'text', 'text', 'text', 'uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_user'::regproc;

update base.settings s set value = '15' where s.name = 'password.minimum_length';
create temp view account as
select u.* from auth.users u where u.username ilike 'tap\_reg%' or u.id = '019e0000-0000-7000-8000-00000000a301';

create temp table fresh as
select c.* from api.create_user('Tap_Reg_Anna', '  Tap.Reg@Example.org ', 'correct horse battery', ' Anna A. ') c;
select results_eq(
  $$ select f.username, f.email, f.full_name, f.status, f.tier, f.roles, f.email_verified, f.version from fresh f $$,
  $$ values ('Tap_Reg_Anna', 'Tap.Reg@Example.org', 'Anna A.', 'active', 'free', '{user}'::text[], false, 1) $$,
  'the account as it is now');
select results_eq('select f.id, f.username, f.email, f.full_name from fresh f',
                  'select a.id, a.username, a.email, a.full_name from account a', 'and is kept');
select results_eq($$ select l.login, l.kind from auth.logins l join fresh f on f.id = l.user_id order by 2 $$,
                  $$ values ('tap.reg@example.org', 'email'), ('tap_reg_anna', 'username') $$, 'found by both');
select ok(core.password_is_current(a.password_hash) and core.password_matches('correct horse battery', a.password_hash),
          'with the password, hashed as of today') from account a;
select results_eq(
  $$ select l.action, l.user_id, l.changed @> '{password_hash,username}', d.difference -> 'password_hash'
       from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
       join fresh f on l.entity_id = f.id::text where l.entity_type = 'auth.users' $$,
  $$ select 'insert', f.id, true, '{}'::jsonb from fresh f $$, 'on record, without the hash');
select is((select c.full_name
             from api.create_user('tap_reg_ben', 'tap_ben@example.org', 'correct horse battery', '  ') c), null,
          'a name for display that is empty is none');

-- Every refusal, by field and sentence.
select throws_ok($$ select api.create_user('x', 'tap_x@example.org', 'correct horse battery') $$, 'VL001',
  'username must have 3 to 40 characters: letters and digits, and between them single _ . or -', 'username');
select throws_ok($$ select api.create_user('tap_reg_x', 'nowhere', 'correct horse battery') $$, 'VL001',
  'email must be an address such as name@example.org, of at most 254 characters', 'email');
select throws_ok($$ select api.create_user('tap_reg_x', 'tap_x@example.org', 'short') $$, 'VL001',
  'password must have at least 15 characters', 'password');
select throws_ok($$ select api.create_user('tap_reg_xavier', 'tap_x@example.org', 'tap_reg_xavier1') $$, 'VL001',
  'password must be more than your name, your address or the product''s name', 'password made of the username');
select throws_ok($$ select api.create_user('tap_reg_x', 'xavier.zappa@example.org', 'xavier.zappa1234') $$, 'VL001',
  'password must be more than your name, your address or the product''s name and a sequence',
  'password made of the address');
select throws_ok(
  $$ select api.create_user('tap_reg_x', 'tap_x@example.org', 'correct horse battery', repeat('n', 201)) $$, 'VL001',
  'full_name must have at most 200 characters and no control characters', 'full_name');
select throws_ok(
  $$ select api.create_user('tap_reg_x', 'tap_x@example.org', 'correct horse battery', null,
                            '00000000-0000-0000-0000-000000000000') $$, 'VL001', 'id must be a UUID other than nil and max',
  'the id that stands for nobody');
select throws_ok($$ select api.create_user('TAP_REG_ANNA', 'tap_x@example.org', 'correct horse battery') $$, 'KC001',
  'The username is taken', 'a taken username, in any case');
select throws_ok(
  $$ select api.create_user('tap_reg_x', 'tap_x@example.org', 'correct horse battery', null,
                            (select f.id from fresh f)) $$, 'KC001', 'The id is taken', 'a taken id');
select throws_ok($$ select api.create_user('TAP_REG_ANNA', 'tap.reg@example.org', 'correct horse battery') $$, 'KC001',
  'The username is taken', 'both taken: the username is told');
select throws_ok($$ select api.create_user(null, 'tap_x@example.org', 'correct horse battery') $$, 'VL001', null,
                 'no username');
select throws_ok($$ select api.create_user('tap_reg_x', null, 'correct horse battery') $$, 'VL001', null, 'no address');
select throws_ok($$ select api.create_user('tap_reg_x', 'tap_x@example.org', null) $$, 'VL003', 'A password is needed',
                 'no password');
select is((select count(*) from account), 2::bigint, 'none of them left an account');

-- A taken address.
set session authorization plinth_web;
select set_config('tap.answer', row_to_json(c)::text, true)
  from api.create_user('tap_reg_carl', 'TAP.REG@example.org', 'correct horse battery', 'Carl') c;
select set_config('tap.other', (select c.id from api.create_user(
  'tap_reg_carl', 'tap.reg@example.org', 'correct horse battery', null, '019e0000-0000-7000-8000-00000000a302') c)::text, true);
reset session authorization;
create temp table pretended as
select c.* from json_populate_record(null::core.user_profiles, current_setting('tap.answer')::json) c;
select results_eq(
  $$ select to_jsonb(p) - '{id,username,email,full_name}'::text[] from pretended p $$,
  $$ select to_jsonb(f) - '{id,username,email,full_name}'::text[] from fresh f $$, 'answers like a fresh one');
select results_eq('select p.username, p.email, p.full_name, p.id is not null from pretended p',
                  $$ values ('tap_reg_carl', 'TAP.REG@example.org', 'Carl', true) $$, 'with what was sent');
select is_empty($$ select from auth.users u, pretended p where u.id = p.id or u.username = p.username $$,
                'there is none');
select results_eq(
  $$ select o.user_id, o.kind, o.address, o.payload from ops.outbox o join fresh f on f.id = o.user_id order by o.id $$,
  $$ select f.id, k.kind, 'Tap.Reg@Example.org', k.payload::jsonb
       from fresh f, (values ('verify_email', '{"email": "Tap.Reg@Example.org"}'),
                             ('registration_with_your_address', '{}')) k (kind, payload) $$,
  'the owner of the address got a link at first, and is told now, once');
select is(current_setting('tap.other'), '019e0000-0000-7000-8000-00000000a302', 'also with an id of the caller''s');
select throws_ok($$ select api.create_user('tap_reg_carl', 'TAP.REG@example.org', 'correct horse battery') $$, 'KC001',
                 'The address is taken', 'an operator is told');

-- An id of the caller's, and the same request again.
select is((select c.id from api.create_user('tap_reg_dora', 'tap_dora@example.org', 'correct horse battery', null,
                                            '019e0000-0000-7000-8000-00000000a301') c),
          '019e0000-0000-7000-8000-00000000a301', 'the id the caller brought');
select results_eq(
  $$ select c.id, c.username from api.create_user('tap_reg_dora', 'TAP_DORA@example.org', 'correct horse battery', null,
                                                  '019e0000-0000-7000-8000-00000000a301') c $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000a301', 'tap_reg_dora') $$, 'again: the same account');
select is((select count(*) from account a where a.username = 'tap_reg_dora'), 1::bigint, 'once');
select throws_ok(
  $$ select api.create_user('tap_reg_dora', 'tap_dora@example.org', 'another horse battery', null,
                            '019e0000-0000-7000-8000-00000000a301') $$, 'KC001', 'The id is taken',
  'not with another password');
select throws_ok(
  $$ select api.create_user('tap_reg_dora', 'tap_other@example.org', 'correct horse battery', null,
                            '019e0000-0000-7000-8000-00000000a301') $$, 'KC001', 'The id is taken',
  'nor another address');
select throws_ok(
  $$ select api.create_user('tap_reg_dorothy', 'tap_dora@example.org', 'correct horse battery', null,
                            '019e0000-0000-7000-8000-00000000a301') $$, 'KC001', 'The id is taken',
  'nor another name');
update auth.users set two_factor_enabled = true where username = 'tap_reg_dora';
select throws_ok(
  $$ select api.create_user('tap_reg_dora', 'tap_dora@example.org', 'correct horse battery', null,
                            '019e0000-0000-7000-8000-00000000a301') $$, 'KC001', 'The id is taken',
  'nor where the password alone opens nothing');
update auth.users set two_factor_enabled = false, status = 'suspended' where username = 'tap_reg_dora';
select throws_ok(
  $$ select api.create_user('tap_reg_dora', 'tap_dora@example.org', 'correct horse battery', null,
                            '019e0000-0000-7000-8000-00000000a301') $$, 'KC001', 'The id is taken',
  'nor where the account is suspended');

set session authorization plinth_web;
select throws_ok($$ select api.create_user('Support', 'tap_web@example.org', 'correct horse battery') $$, 'VL001',
                 'username is reserved; choose another', 'nobody registers as the service');
select isnt_empty($$ select from api.create_user('tap_reg_web', 'tap_web@example.org', 'correct horse battery') $$,
                  'the layer registers without a caller');
reset session authorization;
set session authorization plinth_operator;
select isnt_empty($$ select from api.create_user('tap_reg_op', 'tap_op@example.org', 'correct horse battery') $$,
                  'an operator does');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.create_user('tap_reg_r', 'tap_r@example.org', 'correct horse battery') $$, '42501', null,
                 'a reader does not');
reset session authorization;

-- In requests, a registration sent again is counted as a sign-in is.
insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000fe11', 'tap_again', 'tap_again@example.org', core.hash_password('correct horse battery'));
create function pg_temp.again(p_password text) returns text language plpgsql as $$
declare
  v_found boolean;
begin
  perform set_config('plinth.failure', '', true),
          set_config('plinth.context', concat_ws(E'\x1f', '', '', '192.0.2.77', 'curl'), true);
  perform from api.create_user('tap_again', 'tap_again@example.org', p_password, null, '019e0000-0000-7000-8000-00000000fe11');
  v_found := found;
  return coalesce(nullif(current_setting('plinth.failure', true), '')::json ->> 'code', case when v_found then 'same' end);
end $$;
set session authorization plinth_web;
select is(array(select pg_temp.again('not the one it was') from generate_series(1, 6)),
          '{KC001,KC001,KC001,KC001,KC001,RL002}', 'five guesses');
select is(pg_temp.again('correct horse battery'), 'RL002', 'then not even the right one');
reset session authorization;

select * from finish();
rollback;
