-- api.list_teams: the teams the caller is in, newest first.
begin;
select plan(11);

select is(pg_get_function_arguments('api.list_teams'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_teams'::regproc),
  'TABLE(id uuid, name text, description text, role text, members integer, version integer, created_at '
  'timestamp with time zone, updated_at timestamp with time zone, cursor text)', 'result');
select volatility_is('api', 'list_teams', array['uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'list_teams', array['uuid', 'text', 'integer']);
select function_owner_is('api', 'list_teams', array['uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_teams'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_teams'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bd11
\set ben 019e0000-0000-7000-8000-00000000bd12
insert into auth.users (id, username, email) values
  (:'anna', 'tap_lt_anna', 'tap_lt_anna@example.org'), (:'ben', 'tap_lt_ben', 'tap_lt_ben@example.org');
insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000bd21', 'One'),
  ('019e0000-0000-7000-8000-00000000bd22', 'Two'), ('019e0000-0000-7000-8000-00000000bd23', 'Three');
insert into auth.team_members (team_id, user_id, role) values
  ('019e0000-0000-7000-8000-00000000bd21', :'anna', 'owner'), ('019e0000-0000-7000-8000-00000000bd22', :'anna', 'member'),
  ('019e0000-0000-7000-8000-00000000bd22', :'ben', 'owner'), ('019e0000-0000-7000-8000-00000000bd23', :'ben', 'owner');
select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select l.name, l.role, l.members, l.cursor from api.list_teams('019e0000-0000-7000-8000-00000000bd11') l $$,
  $$ values ('Two', 'member', 2, '019e0000-0000-7000-8000-00000000bd22'),
            ('One', 'owner', 1, '019e0000-0000-7000-8000-00000000bd21') $$, 'her teams, and what she is in them');
select results_eq(
  $$ select l.name from api.list_teams('019e0000-0000-7000-8000-00000000bd11', '019e0000-0000-7000-8000-00000000bd22', 1) l $$,
  array['One'], 'the next page');
select throws_ok($$ select api.list_teams('019e0000-0000-7000-8000-00000000bd11', 'x') $$, 'VL001',
                 'after must be the "next" of an earlier answer', 'a place that is none');
select throws_ok($$ select api.list_teams('019e0000-0000-7000-8000-00000000bd12') $$, 'NP001', null, 'not another''s');
reset session authorization;

select * from finish();
rollback;
