-- core.delete_dead_sessions: removes what ended or ran out, at most so many, and nothing that lives.
begin;
select plan(16);

select is(pg_get_function_arguments('core.delete_dead_sessions'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('core.delete_dead_sessions'::regproc), 'integer', 'result');
select volatility_is('core', 'delete_dead_sessions', array['integer'], 'volatile');
select is_definer('core', 'delete_dead_sessions', array['integer']);
select function_owner_is('core', 'delete_dead_sessions', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.delete_dead_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.delete_dead_sessions'::regproc;

delete from auth.sessions s where s.ended_at is not null or s.refresh_expires_at <= now();
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ef01', 'tap_dead_anna', 'tap_dead_anna' || '@example.org');
insert into auth.sessions
  (user_id, token_hash, refresh_hash, created_at, expires_at, refresh_expires_at, ended_at, end_reason)
select '019e0000-0000-7000-8000-00000000ef01', sha256(s.name::bytea || 'tap_dead_anna'),
       sha256(s.name::bytea || 'tap_dead_anna' || 'r'), now() - interval '1 day',
       now() + s.token, now() + s.refresh,
       case when s.ended then now() end, case when s.ended then 'of this test' end
  from (values ('live',    interval '1 h',  interval '1 d',  false),
               ('asleep',  interval '-1 h', interval '1 d',  false),
               ('waning',  interval '1 h',  interval '-1 d', false),
               ('ended',   interval '1 h',  interval '1 d',  true),
               ('run out', interval '-1 h', interval '-1 h', false)) as s (name, token, refresh, ended);
create function pg_temp.left_over() returns text[] language sql volatile as $f$
  select array_agg(n.name order by n.name)
    from (values ('live'), ('asleep'), ('waning'), ('ended'), ('run out')) as n (name)
    join auth.sessions s on s.token_hash = sha256(n.name::bytea || 'tap_dead_anna')
$f$;
insert into auth.spent_refresh_tokens (user_id, token_hash, session_id)
select s.user_id, sha256(s.token_hash), s.id from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000ef01';

-- As a job it is called by the worker's own function, without a caller.
set local role plinth_owner;
select is(core.delete_dead_sessions(1), 1, 'no more than the limit');
select is(core.delete_dead_sessions(1000), 1, 'the rest');
select is(core.delete_dead_sessions(1000), 0, 'no more');
reset role;
select is(pg_temp.left_over(), '{asleep,live,waning}',
          'what can be refreshed stays, and so does a session token that still works');
select is((select count(*) from auth.spent_refresh_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000ef01'),
          3::bigint, 'spent tokens go with their session');
select is_empty($$ select from base.touched_tags t where t.tag = 'sessions:019e0000-0000-7000-8000-00000000ef01' $$,
                'nothing that was cached depended on it');
select is(j.every, interval '1 minute', 'a job') from http.jobs j where j.name = 'core.delete_dead_sessions';

-- A live session that goes with its account is another matter.
delete from auth.users u where u.id = '019e0000-0000-7000-8000-00000000ef01';
select isnt_empty($$ select from base.touched_tags t where t.tag = 'sessions:019e0000-0000-7000-8000-00000000ef01' $$,
                  'an account that is removed ends its sessions in every copy');

set session authorization plinth_web;
select throws_ok($$ select core.delete_dead_sessions(1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
