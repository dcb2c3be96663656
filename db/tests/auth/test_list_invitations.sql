-- api.list_invitations: what waits, for owners and admins.
begin;
select plan(13);

select is(pg_get_function_arguments('api.list_invitations'::regproc),
  'p_user_id uuid, p_team_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_invitations'::regproc),
  'TABLE(team_id uuid, id uuid, email text, role text, invited_by uuid, created_at timestamp with time '
  'zone, expires_at timestamp with time zone, cursor text)', 'result');
select volatility_is('api', 'list_invitations', array['uuid', 'uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'list_invitations', array['uuid', 'uuid', 'text', 'integer']);
select function_owner_is('api', 'list_invitations', array['uuid', 'uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_invitations'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_invitations'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bf21
\set ben 019e0000-0000-7000-8000-00000000bf22
\set cleo 019e0000-0000-7000-8000-00000000bf23
\set team 019e0000-0000-7000-8000-00000000bf31
insert into auth.users (id, username, email) values (:'anna', 'tap_li_anna', 'tap_li_anna@example.org'),
  (:'ben', 'tap_li_ben', 'tap_li_ben@example.org'), (:'cleo', 'tap_li_cleo', 'tap_li_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'admin'), (:'team', :'ben', 'member');
\ir another_team.psql
insert into auth.team_invitations (team_id, id, email, invited_by, expires_at) values
  (:'team', '019e0000-0000-7000-8000-00000000bf41', 'one@example.org', :'anna', now() + interval '1 h'),
  (:'team', '019e0000-0000-7000-8000-00000000bf42', 'two@example.org', :'anna', now() + interval '1 h'),
  (:'team', '019e0000-0000-7000-8000-00000000bf43', 'old@example.org', :'anna', now());
create function pg_temp.listed(p_user text, p_after text default null) returns text language sql volatile as $$
  select string_agg(l.email, ' ' order by l.cursor desc)
    from api.list_invitations(('019e0000-0000-7000-8000-00000000bf' || p_user)::uuid,
                              '019e0000-0000-7000-8000-00000000bf31', p_after) l
$$;
select is(pg_temp.listed('21'), 'two@example.org one@example.org', 'newest first, none that ran out');
select is(pg_temp.listed('21', '019e0000-0000-7000-8000-00000000bf42'), 'one@example.org', 'the next page');
select throws_ok($$ select pg_temp.listed('21', 'x') $$, 'VL001', null, 'a place that is none');
select throws_ok($$ select pg_temp.listed('22') $$, 'NP001', null, 'not for a member');
select throws_ok($$ select pg_temp.listed('23') $$, 'NF001', null, 'nor for a stranger');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
