-- api.invite_to_team: invites an address, by mail.
begin;
select plan(28);

select is(pg_get_function_arguments('api.invite_to_team'::regproc),
  'p_user_id uuid, p_team_id uuid, p_email text, p_role text DEFAULT ''member''::text', 'arguments');
select is(pg_get_function_result('api.invite_to_team'::regproc), 'SETOF core.invitation_details', 'result');
select volatility_is('api', 'invite_to_team', array['uuid', 'uuid', 'text', 'text'], 'volatile');
select is_definer('api', 'invite_to_team', array['uuid', 'uuid', 'text', 'text']);
select function_owner_is('api', 'invite_to_team', array['uuid', 'uuid', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.invite_to_team'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.invite_to_team'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bf01
\set ben 019e0000-0000-7000-8000-00000000bf02
\set cleo 019e0000-0000-7000-8000-00000000bf03
\set team 019e0000-0000-7000-8000-00000000bf11
insert into auth.users (id, username, email) values (:'anna', 'tap_iv_anna', 'tap_iv_anna@example.org'),
  (:'ben', 'tap_iv_ben', 'tap_iv_ben@example.org'), (:'cleo', 'tap_iv_cleo', 'tap_iv_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'admin'), (:'team', :'ben', 'member');
\ir another_team.psql
create function pg_temp.invite(p_user text, p_email text, p_role text default 'member') returns setof core.invitation_details
language sql volatile as $$
  select * from api.invite_to_team(('019e0000-0000-7000-8000-00000000bf' || p_user)::uuid, '019e0000-0000-7000-8000-00000000bf11',
                                   p_email, p_role)
$$;
select results_eq(
  $$ select i.email, i.role, i.invited_by, i.expires_at from pg_temp.invite('01', ' New@Example.org ', 'admin') i $$,
  $$ values ('new@example.org', 'admin', '019e0000-0000-7000-8000-00000000bf01'::uuid, now() + interval '7 days') $$,
  'an invitation');
select results_eq(
  $$ select o.address, o.payload ->> 'team_id', o.token_encrypted is not null from ops.outbox o where o.kind = 'team_invitation'
        and o.user_id = '019e0000-0000-7000-8000-00000000bf01' $$,
  $$ values ('new@example.org', '019e0000-0000-7000-8000-00000000bf11', true) $$, 'goes there by mail');
select lives_ok($$ select pg_temp.invite('01', 'tap_iv_cleo@example.org') $$, 'who has an account, is invited alike');
select throws_ok($$ select pg_temp.invite('01', 'NEW@example.org') $$, 'KC004', null, 'not again at once');
select is((select count(*) from pg_temp.invite('01', 'another@example.org')), 1::bigint,
          'who was just invited to another team, is');
select is(pg_temp.another_team(), 'anna owner, ben member, cleo admin; another@example.org', 'and stays invited there');
update auth.team_invitations set id = base.first_id(now() - interval '6 minutes') where email = 'new@example.org';
select lives_ok($$ select pg_temp.invite('01', 'NEW@example.org') $$, 'inviting again later');
select results_eq($$ select i.role from auth.team_invitations i where i.email = 'new@example.org' $$, array['member'], 'replaces');
select throws_ok($$ select pg_temp.invite('02', 'x@example.org') $$, 'NP001', null, 'a member does not invite');
select throws_ok($$ select pg_temp.invite('03', 'x@example.org') $$, 'NF001', 'There is no such team',
                 'nor a stranger');
select throws_ok($$ select pg_temp.invite('01', 'nowhere') $$, 'VL001', null, 'an address that is none');
select throws_ok($$ select pg_temp.invite('01', 'a@b, c@d') $$, 'VL001', null, 'two in one');
select throws_ok($$ select pg_temp.invite('01', 'a b@example.org') $$, 'VL001', null, 'one with a blank');
select throws_ok($$ select pg_temp.invite('01', repeat('a', 243) || '@example.org') $$, 'VL001', null, 'a long one');
select throws_ok($$ select pg_temp.invite('01', null) $$, 'VL001', null, 'no address');
select throws_ok($$ select pg_temp.invite('01', 'x@example.org', 'owner') $$, 'VL001', 'role must be admin or member',
                 'an owner');
select is((select count(*) from ops.audit_details d join ops.audit_logs l on l.id = d.audit_id
            where l.entity_type = 'auth.team_invitations' and d.difference::text ~ 'example.org'), 0::bigint,
          'the trail does not keep strangers'' addresses');
insert into auth.team_invitations (team_id, email, invited_by, expires_at)
select :'team', format('n%s@example.org', n), :'anna', now() + interval '1 h' from generate_series(1, 97) n;
select throws_ok($$ select pg_temp.invite('01', 'x@example.org') $$, 'KC004',
                 'The team has 100 invitations waiting already', 'too many');
update auth.team_invitations set expires_at = now() where email = 'n1@example.org';
select lives_ok($$ select pg_temp.invite('01', 'x@example.org') $$, 'what ran out makes room');
delete from auth.team_invitations;
insert into ops.outbox (user_id, kind, language, address)
select :'anna', 'team_invitation', 'en', 'x@example.org' from generate_series(1, 100);
select throws_ok($$ select pg_temp.invite('01', 'y@example.org') $$, 'KC004',
                 'An address is invited once in five minutes, and nobody invites more than 100 an hour', 'a flood of mail');
delete from ops.outbox;
select set_config('plinth.secret_keys', '', true);
select throws_ok($$ select pg_temp.invite('01', 'x@example.org') $$, 'SV503', null, 'no key for the link');

select * from finish();
rollback;
