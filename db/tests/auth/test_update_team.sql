-- api.update_team: owners and admins change a team.
begin;
select plan(15);

select is(pg_get_function_arguments('api.update_team'::regproc),
  'p_user_id uuid, p_team_id uuid, p_name text DEFAULT NULL::text, p_description text DEFAULT '
  'NULL::text, p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_team'::regproc), 'SETOF core.team_details', 'result');
select volatility_is('api', 'update_team', array['uuid', 'uuid', 'text', 'text', 'integer'], 'volatile');
select is_definer('api', 'update_team', array['uuid', 'uuid', 'text', 'text', 'integer']);
select function_owner_is('api', 'update_team', array['uuid', 'uuid', 'text', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_team'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_team'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bd51
\set ben 019e0000-0000-7000-8000-00000000bd52
\set cleo 019e0000-0000-7000-8000-00000000bd53
\set team 019e0000-0000-7000-8000-00000000bd61
insert into auth.users (id, username, email) values (:'anna', 'tap_ut_anna', 'tap_ut_anna@example.org'),
  (:'ben', 'tap_ut_ben', 'tap_ut_ben@example.org'), (:'cleo', 'tap_ut_cleo', 'tap_ut_cleo@example.org');
insert into auth.teams (id, name, description) values (:'team', 'One', 'First');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'admin'), (:'team', :'ben', 'member');
-- What somebody is in another team counts there.
\ir another_team.psql
update auth.team_members set role = 'owner' where team_id = :'another';
create function pg_temp.change(p_user text, p_name text, p_description text default null, p_version integer default null)
returns text language sql volatile as $$
  select concat_ws(' | ', u.name, u.description, u.version)
    from api.update_team(('019e0000-0000-7000-8000-00000000bd' || p_user)::uuid, '019e0000-0000-7000-8000-00000000bd61',
                         p_name, p_description, p_version) u
$$;
select is(pg_temp.change('51', ' Two '), 'Two | First | 2', 'the name');
select is(pg_temp.change('51', null, 'Second', 2), 'Two | Second | 3', 'the description, of the current version');
select is(pg_temp.change('51', null, ''), 'Two | 4', 'an empty one clears it');
select throws_ok($$ select pg_temp.change('51', 'x', null, 3) $$, 'KC002', 'The version is 4 by now, not 3',
                 'an old version');
select throws_ok($$ select pg_temp.change('51', ' ') $$, 'VL001', null, 'a blank name');
select throws_ok($$ select pg_temp.change('52', 'x') $$, 'NP001', 'Only an owner or admin of the team may do this',
                 'a member');
select throws_ok($$ select pg_temp.change('53', 'x') $$, 'NF001', 'There is no such team', 'a stranger');
select is((select t.name || t.version from auth.teams t where t.id = :'another'), 'Another1', 'their other team is as it was');

select * from finish();
rollback;
