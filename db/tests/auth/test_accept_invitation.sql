-- api.accept_invitation: the caller joins the team that the link is for.
begin;
select plan(20);

select is(pg_get_function_arguments('api.accept_invitation'::regproc), 'p_user_id uuid, p_token text', 'arguments');
select is(pg_get_function_result('api.accept_invitation'::regproc), 'SETOF core.team_details', 'result');
select volatility_is('api', 'accept_invitation', array['uuid', 'text'], 'volatile');
select is_definer('api', 'accept_invitation', array['uuid', 'text']);
select function_owner_is('api', 'accept_invitation', array['uuid', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.accept_invitation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.accept_invitation'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bf81
\set ben 019e0000-0000-7000-8000-00000000bf82
\set cleo 019e0000-0000-7000-8000-00000000bf83
\set team 019e0000-0000-7000-8000-00000000bf91
insert into auth.users (id, username, email) values (:'anna', 'tap_ai_anna', 'tap_ai_anna@example.org'),
  (:'ben', 'tap_ai_ben', 'Tap_AI_ben@example.org'), (:'cleo', 'tap_ai_cleo', 'tap_ai_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'owner');
-- Links as core.send_mail makes them.
create function pg_temp.link(p_email text, p_role text default 'member', p_left interval default '1 h') returns text
language plpgsql volatile as $$
declare
  v_id uuid := base.new_id();
begin
  delete from auth.team_invitations i where i.email = p_email;
  insert into auth.team_invitations (team_id, id, email, role, invited_by, expires_at)
  values ('019e0000-0000-7000-8000-00000000bf91', v_id, p_email, p_role, '019e0000-0000-7000-8000-00000000bf81', now() + p_left);
  return core.issue_one_time_token('019e0000-0000-7000-8000-00000000bf81', 'team_invitation', '7 days',
    jsonb_build_object('team_id', '019e0000-0000-7000-8000-00000000bf91', 'invitation_id', v_id), true);
end
$$;
select pg_temp.link('tap_ai_ben@example.org', 'admin') as link \gset
select format('select api.accept_invitation(%L, %L)', :'cleo', :'link') as by_cleo,
       format('select api.accept_invitation(%L, %L)', :'ben', :'link') as by_ben \gset
select throws_ok(:'by_cleo', 'NP001', 'The invitation is for another address', 'not by who was not invited');
select results_eq(format('select t.name, t.role, t.members from api.accept_invitation(%L, %L) t', :'ben', :'link'),
                  $$ values ('One', 'admin', 2) $$, 'the invited joins, as what it says');
select isnt_empty($$ select from ops.audit_logs l where l.action = 'team.invitation_accepted'
                      and l.user_id = '019e0000-0000-7000-8000-00000000bf82' $$, 'which is on record');
select throws_ok(:'by_ben', 'VL004', 'The link is unknown, was used before, or has run out', 'once');
select is((select m.added_by from auth.team_members m where m.user_id = :'ben'), :'anna', 'it is told who invited');
select throws_ok($$ select api.accept_invitation('019e0000-0000-7000-8000-00000000bf82', null) $$,
                 'VL004', null, 'no token');
select throws_ok($$ select api.accept_invitation('019e0000-0000-7000-8000-00000000bf82', 'plo_x') $$,
                 'VL004', null, 'another token');

select pg_temp.link('tap_ai_ben@example.org') as link \gset
select throws_ok(format('select api.accept_invitation(%L, %L)', :'ben', :'link'), 'KC001', 'Already in the team',
                 'twice in it');
select pg_temp.link('tap_ai_cleo@example.org') as link \gset
delete from auth.team_invitations;
select throws_ok(format('select api.accept_invitation(%L, %L)', :'cleo', :'link'),
                 'VL004', null, 'one that was revoked');
select pg_temp.link('tap_ai_cleo@example.org', 'member', '0') as link \gset
select throws_ok(format('select api.accept_invitation(%L, %L)', :'cleo', :'link'), 'VL004', null, 'one that ran out');
select pg_temp.link('tap_ai_cleo@example.org') as link \gset
select base.set_setting('team.member_limit', '2');
select throws_ok(format('select api.accept_invitation(%L, %L)', :'cleo', :'link'), 'KC004', null, 'a full team');
select base.set_setting('team.member_limit', '20');
insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000bf92', 'Another');
insert into auth.team_members (team_id, user_id, role) values ('019e0000-0000-7000-8000-00000000bf92', :'anna', 'owner');
update auth.team_members set role = 'member' where user_id = :'anna' and team_id = :'team';
select throws_ok(format('select api.accept_invitation(%L, %L)', :'cleo', :'link'), 'VL004', null,
                 'one of who may not invite any more, whatever she may elsewhere');
update auth.team_members set role = 'owner' where user_id = :'anna';
select lives_ok(format('select api.accept_invitation(%L, %L)', :'cleo', :'link'), 'none of these had spent it');

select * from finish();
rollback;
