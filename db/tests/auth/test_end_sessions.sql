-- core.end_sessions: ends all of a user's sessions or all but one, says why, and leaves one line in the trail.
begin;
select plan(16);

select is(pg_get_function_arguments('core.end_sessions'::regproc),
  'p_user_id uuid, p_reason text, p_except uuid DEFAULT NULL::uuid', 'arguments');
select is(pg_get_function_result('core.end_sessions'::regproc), 'integer', 'result');
select volatility_is('core', 'end_sessions', array['uuid', 'text', 'uuid'], 'volatile');
select is_definer('core', 'end_sessions', array['uuid', 'text', 'uuid']);
select function_owner_is('core', 'end_sessions', array['uuid', 'text', 'uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.end_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.end_sessions'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ea01', 'tap_ends_anna', 'tap_ends_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000ea02', 'tap_ends_ben', 'tap_ends_ben@example.org');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at, ended_at, end_reason)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, ('019e0000-0000-7000-8000-00000000' || s.id)::uuid,
       sha256(s.id::bytea), sha256(s.id::bytea || 'r'), now() + interval '1 h', now() + interval '1 day',
       case when s.ended then '2000-01-01'::timestamptz end, case when s.ended then 'before' end
  from (values ('ea01', 'ea11', false), ('ea01', 'ea12', false), ('ea01', 'ea13', false), ('ea01', 'ea14', true),
               ('ea02', 'ea21', false)) as s (user_id, id, ended);
create function pg_temp.told() returns text[] language sql volatile as $$
  select array_agg(concat_ws(' ', right(s.id::text, 4), s.end_reason) order by s.id) from auth.sessions s
   where s.user_id in ('019e0000-0000-7000-8000-00000000ea01', '019e0000-0000-7000-8000-00000000ea02')
$$;

-- As the owner's functions call it, in a request of anna's.
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ea01', true);
set local role plinth_owner;
select is(core.end_sessions('019e0000-0000-7000-8000-00000000ea01', 'others', '019e0000-0000-7000-8000-00000000ea12'), 2,
          'all but one');
reset role;
select is(pg_temp.told(), '{"ea11 others",ea12,"ea13 others","ea14 before",ea21}',
          'each says why; what ended before stays as it was, nobody else''s is touched');
select throws_ok($$ select http.enter('user', null, sha256('ea11'), '') $$, 'UN001', null, 'the token works no more');
select lives_ok($$ select http.enter('user', null, sha256('ea12'), '') $$, 'the one left out goes on');

-- For somebody who is not the caller: an administrator's request.
select is(core.end_sessions('019e0000-0000-7000-8000-00000000ea02', 'all'), 1, 'another user''s, without exception');
select is(core.end_sessions('019e0000-0000-7000-8000-00000000ea02', 'again'), 0, 'nothing is left to end');
select is(core.end_sessions(null, 'nobody'), 0, 'nobody has none');
select results_eq(
  $$ select right(l.user_id::text, 4), l.actor_id, d.difference from ops.audit_logs l
       join ops.audit_details d on d.audit_id = l.id
      where l.action = 'sessions.ended' and l.user_id::text like '019e0000-0000-7000-8000-00000000ea%' order by 1 $$,
  $$ values ('ea01', uuid '019e0000-0000-7000-8000-00000000ea01', '{"count": 2, "reason": "others"}'::jsonb),
            ('ea02', '019e0000-0000-7000-8000-00000000ea01', '{"count": 1, "reason": "all"}') $$,
  'one line in the trail for each time something ended');
select isnt_empty($$ select from base.touched_tags t where t.tag = 'sessions:019e0000-0000-7000-8000-00000000ea02' $$,
                  'what is cached under the sessions is void');

select * from finish();
rollback;
