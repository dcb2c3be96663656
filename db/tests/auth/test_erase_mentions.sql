-- core.erase_mentions: rows of others that name an erased account go.
begin;
select plan(11);

select is(pg_get_function_arguments('core.erase_mentions'::regproc), 'p_logins text[]', 'arguments');
select is(pg_get_function_result('core.erase_mentions'::regproc), 'integer', 'result');
select volatility_is('core', 'erase_mentions', array['text[]'], 'volatile');
select is_definer('core', 'erase_mentions', array['text[]']);
select function_owner_is('core', 'erase_mentions', array['text[]'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.erase_mentions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.erase_mentions'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ed01', 'tap_mention_ben', 'tap_mention_ben@example.org');
insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000ed02', 'tap mention');
insert into auth.team_invitations (team_id, email, invited_by, expires_at) values
  ('019e0000-0000-7000-8000-00000000ed02', 'tap_mention_anna@example.org', '019e0000-0000-7000-8000-00000000ed01',
   now() + interval '1 day'),
  ('019e0000-0000-7000-8000-00000000ed02', 'tap_mention_cora@example.org', '019e0000-0000-7000-8000-00000000ed01',
   now() + interval '1 day');
select core.send_mail('019e0000-0000-7000-8000-00000000ed01', 'password_changed', p_address => 'Tap_Mention_Anna@example.org'),
       core.send_mail('019e0000-0000-7000-8000-00000000ed01', 'password_changed');
select is(core.erase_mentions('{tap_mention_anna,tap_mention_anna@example.org}'), 2, 'two name her');
select results_eq($$ select i.email from auth.team_invitations i where i.team_id = '019e0000-0000-7000-8000-00000000ed02' $$,
                  array['tap_mention_cora@example.org'], 'another invitation stays');
select results_eq($$ select o.address from ops.outbox o where o.user_id = '019e0000-0000-7000-8000-00000000ed01' $$,
                  array['tap_mention_ben@example.org'], 'another message stays');
select is(core.erase_mentions('{}'), 0, 'nobody is named');

select * from finish();
rollback;
