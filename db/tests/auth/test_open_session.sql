-- core.open_session: new tokens, kept as digests; the oldest session gives way; a sign-in is a step-up.
begin;
select plan(21);

select is(pg_get_function_arguments('core.open_session'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('core.open_session'::regproc),
  'TABLE(session_id uuid, token text, refresh_token text, expires_at timestamp with time zone)', 'result');
select volatility_is('core', 'open_session', array['uuid'], 'volatile');
select is_definer('core', 'open_session', array['uuid']);
select function_owner_is('core', 'open_session', array['uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.open_session'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.open_session'::regproc;

insert into auth.users (id, username, email, two_factor_enabled) values
  ('019e0000-0000-7000-8000-00000000ec01', 'tap_open_anna', 'tap_open_anna@example.org', false),
  ('019e0000-0000-7000-8000-00000000ec02', 'tap_open_ben', 'tap_open_ben@example.org', true);
update base.settings s set value = '2' where s.name = 'session.limit';
select set_config('plinth.context', concat_ws(E'\x1f', '', 'req-1', '192.0.2.7', 'curl/8'), true);

create temp table answer (session_id uuid, token text, refresh_token text, expires_at timestamptz);
grant insert on answer to plinth_owner;
set local role plinth_owner;
insert into answer select o.* from core.open_session('019e0000-0000-7000-8000-00000000ec01') o;
reset role;
select matches(a.token, '^pls_ec01[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a session token') from answer a;
select matches(a.refresh_token, '^plr_ec01[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a refresh token') from answer a;
select results_eq(
  $$ select s.token_hash, s.refresh_hash, s.expires_at, s.refresh_expires_at, s.address, s.user_agent, s.stepped_up_at
       from auth.sessions s join answer a on a.session_id = s.id $$,
  $$ select sha256(convert_to(a.token, 'UTF8')), sha256(convert_to(a.refresh_token, 'UTF8')), now() + interval '15 min',
            now() + interval '7 days', inet '192.0.2.7', 'curl/8', now() from answer a $$,
  'digests, dates, from where; just stepped up');
select lives_ok($$ select http.enter('step_up', null, sha256(convert_to(a.token, 'UTF8')), '') from answer a $$,
                'the token opens what asks for a step-up');

set local role plinth_system;
select is(o.expires_at, now() + interval '15 min', 'with a second factor the session token lives as long')
  from core.open_session('019e0000-0000-7000-8000-00000000ec02') o;
reset role;
select is(s.refresh_expires_at, now() + interval '1 h', 'the session does not')
  from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000ec02';

-- Two more: the first gives way.
update auth.sessions s set created_at = now() - interval '1 min' where s.user_id = '019e0000-0000-7000-8000-00000000ec01';
set local role plinth_owner;
select isnt_empty($$ select core.open_session('019e0000-0000-7000-8000-00000000ec01') $$, 'a second');
select isnt_empty($$ select core.open_session('019e0000-0000-7000-8000-00000000ec01') $$, 'a third');
reset role;
select results_eq(
  $$ select s.end_reason, count(*) from auth.sessions s
      where s.user_id = '019e0000-0000-7000-8000-00000000ec01' group by 1 order by 1 $$,
  $$ values ('too many sessions', 1::bigint), (null, 2) $$, 'as many as the limit live');
select results_eq(
  $$ select l.entity_id::uuid, l.user_id from ops.audit_logs l where l.action = 'session.displaced'
        and l.user_id = '019e0000-0000-7000-8000-00000000ec01' $$,
  $$ select a.session_id, uuid '019e0000-0000-7000-8000-00000000ec01' from answer a $$, 'the oldest gave way, on record');
update auth.sessions s set ended_at = clock_timestamp(), end_reason = 'signed out'
 where s.id = (select n.id from auth.sessions n where n.user_id = '019e0000-0000-7000-8000-00000000ec01'
                order by n.created_at desc, n.id desc limit 1);
set local role plinth_owner;
select isnt_empty($$ select core.open_session('019e0000-0000-7000-8000-00000000ec01') $$, 'one ended, and there is another');
reset role;
select is((select count(*) from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000ec01' and s.ended_at is null),
          2::bigint, 'what ended takes no place of what lives');
select throws_ok($$ select core.open_session('019e0000-0000-7000-8000-00000000ec09') $$, '23503', null, 'nobody: none');

set session authorization plinth_operator;
select throws_ok($$ select core.open_session('019e0000-0000-7000-8000-00000000ec01') $$, '42501', null,
                 'private: no operator signs in as a user');
reset session authorization;

select * from finish();
rollback;
