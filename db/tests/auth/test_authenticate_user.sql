-- api.authenticate_user: whose login and password these are. A failure is no row, leaves a record, and never tells why.
begin;
-- Before the first call: what is planned without it is not counted.
set local track_functions = 'all';
select plan(47);

select is(pg_get_function_arguments('api.authenticate_user'::regproc), 'p_login text, p_password text', 'arguments');
select is(pg_get_function_result('api.authenticate_user'::regproc), 'SETOF core.user_profiles', 'result');
select volatility_is('api', 'authenticate_user', array['text', 'text'], 'volatile');
select is_definer('api', 'authenticate_user', array['text', 'text']);
select function_owner_is('api', 'authenticate_user', array['text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.authenticate_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'api.authenticate_user'::regproc;

insert into auth.users (id, username, email, status, password_hash) values
  ('019e0000-0000-7000-8000-00000000a101', 'Tap_Auth_Anna', 'Tap.Auth@Example.org', 'active',
   core.hash_password('correct horse battery')),
  ('019e0000-0000-7000-8000-00000000a102', 'tap_auth_gone', 'tap_gone@example.org', 'suspended',
   core.hash_password('correct horse battery')),
  ('019e0000-0000-7000-8000-00000000a103', 'tap_auth_none', 'tap_none@example.org', 'active',
   null),
  ('019e0000-0000-7000-8000-00000000a104', 'tap_auth_old', 'tap_old@example.org', 'active',
   ext.crypt('correct horse battery', ext.gen_salt('bf', 4))),
  ('019e0000-0000-7000-8000-00000000a105', 'tap_auth_seed', 'tap_seed@example.org', 'active',
   ext.crypt('Dev@12345', '$2a$12$plinthseedstap0000000u'));
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000a101', 'user');

create function pg_temp.who(p_login text, p_password text)
returns uuid language sql volatile as $$ select a.id from api.authenticate_user(p_login, p_password) a $$;
create temp view refusals as
select l.user_id, l.entity_id, l.changed, d.difference
  from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
 where l.action = 'sign_in.refused' and l.occurred_at >= now()
 order by l.occurred_at desc;

select results_eq(
  $$ select a.username, a.email, a.roles, a.status
       from api.authenticate_user('Tap_Auth_Anna', 'correct horse battery') a $$,
  $$ values ('Tap_Auth_Anna', 'Tap.Auth@Example.org', '{user}'::text[], 'active') $$, 'the account');
select is(pg_temp.who('tap_AUTH_anna', 'correct horse battery'), '019e0000-0000-7000-8000-00000000a101', 'in any case');
select is(pg_temp.who('tap.auth@EXAMPLE.ORG', 'correct horse battery'), '019e0000-0000-7000-8000-00000000a101',
          'by the address, in any case');
select is_empty('select from refusals', 'none of these is a refusal');

select is(pg_temp.who('tap_auth_anna', 'Correct horse battery'), null, 'a wrong password');
select results_eq('select user_id, entity_id, changed, difference from refusals limit 1',
  $$ values (uuid '019e0000-0000-7000-8000-00000000a101', '019e0000-0000-7000-8000-00000000a101', '{login,login_digest}'::text[],
             core.tried_login('019e0000-0000-7000-8000-00000000a101', 'tap_auth_anna')) $$, 'is on record');
select is(pg_temp.who('tap_auth_nobody', 'correct horse battery'), null, 'an unknown login');
select results_eq($$ select user_id, difference - 'login_digest', difference ? 'login_digest' from refusals limit 1 $$,
  $$ values (null::uuid, '{}'::jsonb, true) $$, 'is on record, of nobody; what was typed there may be a password');
select is(pg_temp.who('tap_auth_gone', 'correct horse battery'), null, 'an account that is not active');
select is(pg_temp.who('tap_auth_none', ''), null, 'an account without a password');
select is(pg_temp.who('tap_auth_anna', ''), null, 'an empty password');
select is(pg_temp.who('tap_auth_anna', null), null, 'no password');
select is(pg_temp.who('tap_auth_none', null), null, 'no password where there is none');
select is(pg_temp.who(null, 'correct horse battery'), null, 'no login');
select is(pg_temp.who(null, null), null, 'neither');
select is((select count(*) from refusals), 9::bigint, 'each is on record');
select lives_ok($$ select api.authenticate_user(repeat('x', 100000), 'x') $$,
                'a login of any length is refused and no more');
select is((select length(r.difference ->> 'login_digest') from refusals r limit 1), 32, 'nothing but a digest is kept');
select is_empty($$ select from refusals r where r.difference::text like '%horse%' $$, 'no record holds a password');

-- The same work, whoever it is: PostgreSQL counts the calls.
create function pg_temp.work(p_login text) returns text language plpgsql as $$
declare
  v_before jsonb;
  v_sql    text := 'select jsonb_object_agg(p.oid::regproc, pg_stat_get_xact_function_calls(p.oid)) from pg_proc p
                     where pg_stat_get_xact_function_calls(p.oid) > 0
                       and p.pronamespace in (''ext''::regnamespace, ''core''::regnamespace, ''ops''::regnamespace)';
  v_after  jsonb;
begin
  execute v_sql into v_before;
  perform api.authenticate_user(p_login, 'wrong horse battery');
  execute v_sql into v_after;
  return (select jsonb_object_agg(a.key, a.value::integer - coalesce((v_before ->> a.key)::integer, 0))
            from jsonb_each_text(v_after) a
           where a.value::integer > coalesce((v_before ->> a.key)::integer, 0));
end
$$;
select cmp_ok((pg_temp.work('tap_auth_anna')::jsonb ->> 'ext.crypt')::integer, '=', 1, 'a wrong password is hashed once');
select is(array(select distinct pg_temp.work(l)::jsonb from unnest(array['tap_auth_gone', 'tap_auth_none', 'tap_auth_nobody',
                'tap_auth@nowhere', 'tap_auth_anna']) l), array[pg_temp.work('tap_auth_anna')::jsonb],
          'suspended, without a password, unknown: all of it is the same');

-- Where a verified address is asked for.
select set_config('tap.work', pg_temp.work('tap_auth_nobody'), true);
update base.settings s set value = 'true' where s.name = 'auth.require_verified_email';
select is(pg_temp.who('tap_auth_anna', 'correct horse battery'), null, 'not without a verified address');
select is(pg_temp.work('tap_auth_anna')::jsonb, current_setting('tap.work')::jsonb, 'which costs the same');
update auth.users u set email_verified = true where u.username = 'Tap_Auth_Anna';
select isnt(pg_temp.who('tap_auth_anna', 'correct horse battery'), null, 'with one');
update base.settings s set value = 'false' where s.name = 'auth.require_verified_email';
update auth.users u set email_verified = false where u.username = 'Tap_Auth_Anna';

-- An older format is renewed while the password is at hand, and what is public stays recognisable.
select is(pg_temp.who('tap_auth_old', 'wrong horse battery'), null, 'a plain hash, wrong password');
select matches((select u.password_hash from auth.users u where u.username = 'tap_auth_old'), '^\$2a\$',
               'stays as it is');
select is(pg_temp.who('tap_auth_old', 'correct horse battery'), '019e0000-0000-7000-8000-00000000a104',
          'right password');
select ok((select core.password_is_current(u.password_hash) from auth.users u where u.username = 'tap_auth_old'),
          'is renewed');
select is(pg_temp.who('tap_auth_old', 'correct horse battery'), '019e0000-0000-7000-8000-00000000a104',
          'and still right');
select is((select u.version from auth.users u where u.username = 'tap_auth_old'), 2,
          'a current one is not renewed again');
select is(pg_temp.who('tap_auth_seed', 'Dev@12345'), '019e0000-0000-7000-8000-00000000a105', 'a default password');
select ok((select core.is_default_hash(u.password_hash) from auth.users u where u.username = 'tap_auth_seed'),
          'keeps its hash, by which production knows it');

-- Too often, from an address; the right password is not told either.
select set_config('plinth.context', concat_ws(E'\x1f', '', 'req', '192.0.2.7', 'curl'), true);
select is(pg_temp.who('tap_auth_old', 'wrong horse battery'), null, 'wrong');
select is(current_setting('plinth.failure')::jsonb ->> 'code', 'UN002', 'is kept for the answer');
do $$ begin perform pg_temp.who('tap_auth_old', 'wrong') from generate_series(1, 4); end $$;
select is(pg_temp.who('TAP_auth_old', 'correct horse battery'), null, 'right, after five failures');
select is(current_setting('plinth.failure')::jsonb ->> 'code', 'RL002', 'has to wait');
select set_config('plinth.context', '', true);

select set_config('plinth.pepper', '', true);
select throws_ok($$ select api.authenticate_user('tap_auth_anna', 'correct horse battery') $$, 'SV503', null,
                 'a connection without a pepper says so');
select set_config('plinth.pepper', 'p1:' || repeat('ab', 32), true);

set session authorization plinth_operator;
select lives_ok($$ select api.authenticate_user('tap_auth_anna', 'x') $$, 'an operator may ask');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.authenticate_user('tap_auth_anna', 'x') $$, '42501', null,
                 'the layer makes sessions instead');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.authenticate_user('tap_auth_anna', 'x') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
