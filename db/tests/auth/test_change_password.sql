-- api.change_password: a new password for the caller, who has to know the old one.
begin;
select plan(39);

select is(pg_get_function_arguments('api.change_password'::regproc),
  'p_user_id uuid, p_current_password text, p_new_password text', 'arguments');
select is(pg_get_function_result('api.change_password'::regproc),
  'TABLE(token text, refresh_token text, expires_at timestamp with time zone)', 'result');
select volatility_is('api', 'change_password', array['uuid', 'text', 'text'], 'volatile');
select is_definer('api', 'change_password', array['uuid', 'text', 'text']);
select function_owner_is('api', 'change_password', array['uuid', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.change_password'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.change_password'::regproc;

insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000aa01', 'Tap_Change_Anna', 'tap_change_anna@example.org',
   core.hash_password('correct horse battery')),
  ('019e0000-0000-7000-8000-00000000aa02', 'tap_change_ben', 'tap_change_ben@example.org',
   core.hash_password('correct horse battery')),
  ('019e0000-0000-7000-8000-00000000aa03', 'tap_change_none', 'tap_change_none@example.org', null);
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select u.id, ('019e0000-0000-7000-8000-00000000ab0' || n)::uuid, sha256(convert_to(u.username || n, 'UTF8')),
       sha256(convert_to(u.username || n || 'r', 'UTF8')), now() + interval '10 minutes', now() + interval '1 day'
  from auth.users u cross join generate_series(1, 3) n where u.username ~* '^tap_change_(anna|ben)$';

create function pg_temp.in_session(p_user text, p_session text) returns void language sql as $$
  select set_config('plinth.caller', p_user, true),
         set_config('plinth.context', concat_ws(E'\x1f', p_session, 'req', '192.0.2.7', 'curl'), true),
         set_config('plinth.failure', '', true)
$$;
create function pg_temp.kept() returns text language sql as $$
  select f ->> 'code' || ' ' || coalesce(f ->> 'field', '-')
    from (select nullif(current_setting('plinth.failure', true), '')::jsonb f) k
$$;
create function pg_temp.anna() returns auth.users language sql as $$
  select u from auth.users u where u.id = '019e0000-0000-7000-8000-00000000aa01'
$$;

select pg_temp.in_session('019e0000-0000-7000-8000-00000000aa01', '019e0000-0000-7000-8000-00000000ab02');
create temp table before as select * from pg_temp.anna();

select throws_ok($$ select api.change_password('019e0000-0000-7000-8000-00000000aa01', 'correct horse battery', 'short') $$,
                 'VL001', 'new_password must have at least 15 characters', 'one that breaks a rule');
select throws_ok($$ select api.change_password('019e0000-0000-7000-8000-00000000aa01', 'correct horse battery', null) $$,
                 'VL003', 'A password is needed', 'none');
select throws_ok($$ select api.change_password('019e0000-0000-7000-8000-00000000aa01', 'correct horse battery',
                                               'correct horse battery') $$,
                 'VL001', 'new_password must be another one', 'the same one');
select throws_ok($$ select api.change_password('019e0000-0000-7000-8000-00000000aa02', 'correct horse battery',
                                               'purple monkey dishwasher') $$, 'NP001', null, 'another user''s');
select is_empty($$ select * from api.change_password('019e0000-0000-7000-8000-00000000aa01', 'wrong horse battery',
                                                     'purple monkey dishwasher') $$, 'a wrong current one');
select is(pg_temp.kept(), 'VL001 current_password', 'is kept for the answer');
select is((select count(*) from ops.audit_logs l where l.action = 'password.refused'
            and l.user_id = '019e0000-0000-7000-8000-00000000aa01'), 1::bigint, 'and on record');
select is_empty($$ select * from api.change_password('019e0000-0000-7000-8000-00000000aa01', null,
                                                     'purple monkey dishwasher') $$, 'no current one');
select is((pg_temp.anna()).password_hash, b.password_hash, 'none of these changed it') from before b;
select is((select count(*) from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000aa01' and s.ended_at is null),
          3::bigint, 'or ended a session');

-- Done.
select core.issue_one_time_token('019e0000-0000-7000-8000-00000000aa01', k, '1 hour')
  from unnest(array['reset_password', 'verify_email', 'tap_other']) k;
select pg_temp.in_session('019e0000-0000-7000-8000-00000000aa01', '019e0000-0000-7000-8000-00000000ab02');
create temp table answer as
select * from api.change_password('019e0000-0000-7000-8000-00000000aa01', 'correct horse battery', 'purple monkey dishwasher');
select is(pg_temp.kept(), null, 'no failure');
select ok(core.password_matches('purple monkey dishwasher', (pg_temp.anna()).password_hash), 'the new one');
select ok(not core.password_matches('correct horse battery', (pg_temp.anna()).password_hash), 'and not the old one');
select ok(core.password_is_current((pg_temp.anna()).password_hash), 'in the current format');
select results_eq(
  $$ select s.token_hash = sha256(convert_to(a.token, 'UTF8')), s.refresh_hash = sha256(convert_to(a.refresh_token, 'UTF8')),
            s.expires_at = a.expires_at, s.ended_at
       from auth.sessions s, answer a where s.id = '019e0000-0000-7000-8000-00000000ab02'
        and s.user_id = '019e0000-0000-7000-8000-00000000aa01' $$,
  $$ values (true, true, true, null::timestamptz) $$, 'this session goes on, with new tokens');
select results_eq(
  $$ select s.end_reason from auth.sessions s where s.id <> '019e0000-0000-7000-8000-00000000ab02'
        and s.user_id = '019e0000-0000-7000-8000-00000000aa01' $$, array['password changed', 'password changed'], 'the others end');
select is((select count(*) from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000aa02' and s.ended_at is null),
          3::bigint, 'nobody else''s do');
select ok(exists (select from base.touched_tags t where t.tag = 'sessions:019e0000-0000-7000-8000-00000000aa01'), 'caches know');
select is(array(select t.kind from auth.one_time_tokens t
                 where t.user_id = '019e0000-0000-7000-8000-00000000aa01' and t.voided_at is null), '{tap_other}',
          'links that would change password or address are void');
select is((select array_agg(o.kind) from ops.outbox o where o.user_id = '019e0000-0000-7000-8000-00000000aa01'),
          '{password_changed}', 'and the owner');
select ok(exists (select from ops.audit_logs l where l.action = 'update' and 'password_hash' = any (l.changed)
                     and l.user_id = '019e0000-0000-7000-8000-00000000aa01'), 'and the trail');

-- Wrong ones are sign-ins that failed: they count together.
select pg_temp.in_session('', '');
do $$ begin
  for n in 1 .. 5 loop
    perform api.authenticate_user('tap_change_ben', 'wrong');
  end loop;
end $$;
select pg_temp.in_session('019e0000-0000-7000-8000-00000000aa02', '019e0000-0000-7000-8000-00000000ab01');
select is_empty($$ select * from api.change_password('019e0000-0000-7000-8000-00000000aa02', 'correct horse battery',
                                                     'purple monkey dishwasher') $$, 'after five failures');
select is(split_part(pg_temp.kept(), ' ', 1), 'RL002', 'the right one has to wait');

select pg_temp.in_session('019e0000-0000-7000-8000-00000000aa03', '');
select is_empty($$ select * from api.change_password('019e0000-0000-7000-8000-00000000aa03', null,
                                                     'purple monkey dishwasher') $$, 'an account without a password');
select is(pg_temp.kept(), 'VL001 current_password', 'gets one by mail');

-- In psql.
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true), set_config('plinth.failure', '', true);
set session authorization plinth_operator;
select is_empty($$ select * from api.change_password('019e0000-0000-7000-8000-00000000aa01', 'purple monkey dishwasher',
                                                     'orange monkey dishwasher') $$, 'an operator who knows it');
select throws_ok($$ select * from api.change_password('019e0000-0000-7000-8000-00000000aaff', 'x', 'orange monkey dishwasher') $$,
                 'NF001', null, 'of nobody');
reset session authorization;
select ok(core.password_matches('orange monkey dishwasher', (pg_temp.anna()).password_hash), 'changes it');
select is((select count(*) from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000aa01' and s.ended_at is null),
          0::bigint, 'and no session is left');
select is_empty($$ select from ops.audit_details d where d.difference::text like '%monkey%' or d.difference::text like '%$2a$%' $$,
                'no record holds a password or a hash');

set session authorization plinth_web;
select throws_ok($$ select * from api.change_password('019e0000-0000-7000-8000-00000000aa01', 'x', 'orange monkey dishwasher') $$,
                 'UN001', null, 'the layer without a caller');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.change_password(null, 'x', 'y') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
