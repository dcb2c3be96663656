-- api.revoke_invitation: an invitation is taken back.
begin;
select plan(14);

select is(pg_get_function_arguments('api.revoke_invitation'::regproc),
          'p_user_id uuid, p_team_id uuid, p_invitation_id uuid', 'arguments');
select is(pg_get_function_result('api.revoke_invitation'::regproc), 'void', 'result');
select volatility_is('api', 'revoke_invitation', array['uuid', 'uuid', 'uuid'], 'volatile');
select is_definer('api', 'revoke_invitation', array['uuid', 'uuid', 'uuid']);
select function_owner_is('api', 'revoke_invitation', array['uuid', 'uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.revoke_invitation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.revoke_invitation'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bf51
\set ben 019e0000-0000-7000-8000-00000000bf52
\set cleo 019e0000-0000-7000-8000-00000000bf53
\set team 019e0000-0000-7000-8000-00000000bf61
insert into auth.users (id, username, email) values (:'anna', 'tap_ri_anna', 'tap_ri_anna@example.org'),
  (:'ben', 'tap_ri_ben', 'tap_ri_ben@example.org'), (:'cleo', 'tap_ri_cleo', 'tap_ri_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'admin'), (:'team', :'ben', 'member');
\ir another_team.psql
insert into auth.team_invitations (team_id, id, email, invited_by, expires_at) values
  (:'team', '019e0000-0000-7000-8000-00000000bf71', 'one@example.org', :'anna', now() + interval '1 h'),
  (:'team', '019e0000-0000-7000-8000-00000000bf72', 'two@example.org', :'anna', now() + interval '1 h');
create function pg_temp.revoke(p_user text) returns void language sql volatile as $$
  select api.revoke_invitation(('019e0000-0000-7000-8000-00000000bf' || p_user)::uuid, '019e0000-0000-7000-8000-00000000bf61',
                               '019e0000-0000-7000-8000-00000000bf71')
$$;
select throws_ok($$ select pg_temp.revoke('52') $$, 'NP001', null, 'not by a member');
select throws_ok($$ select pg_temp.revoke('53') $$, 'NF001', 'There is no such team', 'nor by a stranger');
select throws_ok(format('select api.revoke_invitation(%L, %L, %L)', :'anna', :'team', i.id), 'NF001', 'There is no such invitation',
                 'not one of another team')
  from auth.team_invitations i where i.team_id = :'another';
select lives_ok($$ select pg_temp.revoke('51') $$, 'by an admin');
select results_eq($$ select i.email from auth.team_invitations i where i.team_id = '019e0000-0000-7000-8000-00000000bf61' $$,
                  array['two@example.org'], 'another invitation stays');
select throws_ok($$ select pg_temp.revoke('51') $$, 'NF001', 'There is no such invitation', 'once');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'their other team is as it was');

select * from finish();
rollback;
