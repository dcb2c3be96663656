-- api.list_sessions: where the caller is signed in, newest first, page by page.
begin;
select plan(21);

select is(pg_get_function_arguments('api.list_sessions'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_sessions'::regproc),
  'TABLE(id uuid, current boolean, address inet, user_agent text, created_at timestamp with time zone, '
  'last_seen_at timestamp with time zone, expires_at timestamp with time zone, cursor text)', 'result');
select volatility_is('api', 'list_sessions', array['uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'list_sessions', array['uuid', 'text', 'integer']);
select function_owner_is('api', 'list_sessions', array['uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_sessions'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000a601', 'tap_list_anna', 'tap_list_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000a602', 'tap_list_ben', 'tap_list_ben@example.org');
insert into auth.sessions
  (user_id, id, token_hash, refresh_hash, address, user_agent, expires_at, refresh_expires_at, ended_at, end_reason)
select s.user_id::uuid, ('019e0000-0000-7000-8000-00000000' || s.id)::uuid,
       sha256(s.id::bytea), sha256(s.id::bytea || 'r'), '192.0.2.7', 'agent ' || s.id,
       now() + s.token_left, now() + s.refresh_left,
       case when s.ended then now() end, case when s.ended then 'of this test' end
  from (values
    ('019e0000-0000-7000-8000-00000000a601', 'a611', interval '1 h', interval '1 day', false),
    ('019e0000-0000-7000-8000-00000000a601', 'a612', interval '-1 h', interval '1 day', false),
    ('019e0000-0000-7000-8000-00000000a601', 'a613', interval '1 h', interval '1 day', false),
    ('019e0000-0000-7000-8000-00000000a601', 'a614', interval '1 h', interval '1 day', true),
    ('019e0000-0000-7000-8000-00000000a601', 'a615', interval '-1 h', interval '0', false),
    ('019e0000-0000-7000-8000-00000000a602', 'a621', interval '1 h', interval '1 day', false))
    as s (user_id, id, token_left, refresh_left, ended);

create function pg_temp.listed(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns text[]
language sql volatile
as $$
  select array_agg(right(s.id::text, 4) || case when s.current then ' current' else '' end order by s.n)
    from (select l.*, row_number() over () as n from api.list_sessions(p_user_id, p_after, p_limit) l) s
$$;

-- In a request of the first session.
set session authorization plinth_web;
select throws_ok($$ select api.list_sessions('019e0000-0000-7000-8000-00000000a601') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000a601', 'the request is let in')
  from http.enter('user', null, sha256('a611'), '') e;
select is(pg_temp.listed('019e0000-0000-7000-8000-00000000a601'), '{a613,a612,"a611 current"}',
          'newest first; not what ended or has run out for good; this one is marked');
select throws_ok($$ select api.list_sessions('019e0000-0000-7000-8000-00000000a602') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;

select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select is(pg_temp.listed('019e0000-0000-7000-8000-00000000a601'), '{a613,a612,a611}', 'operator: one user, no request');
select is(pg_temp.listed('019e0000-0000-7000-8000-00000000a602'), '{a621}', 'operator: another');
select results_eq(
  $$ select l.address, l.user_agent, l.expires_at, l.current, l.cursor
       from api.list_sessions('019e0000-0000-7000-8000-00000000a602') l $$,
  $$ values (inet '192.0.2.7', 'agent a621', now() + interval '1 h', false, '019e0000-0000-7000-8000-00000000a621') $$,
  'where, since when, how long');
select is(pg_temp.listed('019e0000-0000-7000-8000-00000000a601', null, 2), '{a613,a612}', 'a page');
select is(pg_temp.listed('019e0000-0000-7000-8000-00000000a601', '019e0000-0000-7000-8000-00000000a612', 2), '{a611}',
          'the next one begins behind the cursor');
select is(pg_temp.listed('019e0000-0000-7000-8000-00000000a601', '019e0000-0000-7000-8000-00000000a611', 2), null,
          'behind the last there is nothing');
select throws_ok($$ select api.list_sessions('019e0000-0000-7000-8000-00000000a601', 'somewhere') $$,
  'VL001', 'after must be the "next" of an earlier answer', 'a place that is none');
select throws_ok($$ select api.list_sessions('019e0000-0000-7000-8000-00000000a601', '') $$,
  'VL001', 'after must be the "next" of an earlier answer', 'an empty one neither');
select throws_ok($$ select api.list_sessions(null) $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.list_sessions('019e0000-0000-7000-8000-00000000a601') $$, '42501', null,
                 'a reader may not');
reset session authorization;

select * from finish();
rollback;
