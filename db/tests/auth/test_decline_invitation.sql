-- api.decline_invitation: whoever has the link may decline.
begin;
select plan(13);

select is(pg_get_function_arguments('api.decline_invitation'::regproc), 'p_token text', 'arguments');
select is(pg_get_function_result('api.decline_invitation'::regproc), 'void', 'result');
select volatility_is('api', 'decline_invitation', array['text'], 'volatile');
select is_definer('api', 'decline_invitation', array['text']);
select function_owner_is('api', 'decline_invitation', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.decline_invitation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.decline_invitation'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bfa1
\set team 019e0000-0000-7000-8000-00000000bfb1
insert into auth.users (id, username, email) values (:'anna', 'tap_di_anna', 'tap_di_anna@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'owner');
insert into auth.team_invitations (team_id, id, email, invited_by, expires_at) values
  (:'team', '019e0000-0000-7000-8000-00000000bfc1', 'x@example.org', :'anna', now() + interval '1 h');
select core.issue_one_time_token(:'anna', 'team_invitation', '7 days',
  jsonb_build_object('team_id', :'team', 'invitation_id', '019e0000-0000-7000-8000-00000000bfc1')) as link \gset
select format('select api.decline_invitation(%L)', :'link') as decline \gset
set session authorization plinth_web;
select throws_ok($$ select api.decline_invitation('plo_x') $$, 'VL004', null, 'another token');
select throws_ok($$ select api.decline_invitation(null) $$, 'VL004', null, 'no token');
select lives_ok(:'decline', 'without signing in');
select throws_ok(:'decline', 'VL004', null, 'once');
reset session authorization;
select is_empty($$ select from auth.team_invitations i where i.team_id = '019e0000-0000-7000-8000-00000000bfb1' $$,
                'it is gone');
select is((select l.action from ops.audit_logs l where l.entity_id = '019e0000-0000-7000-8000-00000000bfc1'
            and l.action like 'team.%'), 'team.invitation_declined', 'and on record');

select * from finish();
rollback;
