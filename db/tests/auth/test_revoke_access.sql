-- api.revoke_access: who may take a right back.
begin;
select plan(17);

select is(pg_get_function_arguments('api.revoke_access'::regproc), 'p_user_id uuid, p_grant_id uuid', 'arguments');
select is(pg_get_function_result('api.revoke_access'::regproc), 'void', 'result');
select volatility_is('api', 'revoke_access', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'revoke_access', array['uuid', 'uuid']);
select function_owner_is('api', 'revoke_access', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.revoke_access'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.revoke_access'::regproc;

\set anna 019e0000-0000-7000-8000-00000000bc61
\set ben 019e0000-0000-7000-8000-00000000bc62
\set cleo 019e0000-0000-7000-8000-00000000bc63
\set dora 019e0000-0000-7000-8000-00000000bc64
\set team 019e0000-0000-7000-8000-00000000bc71
insert into auth.users (id, username, email) values
  (:'anna', 'tap_ra_anna', 'tap_ra_anna@example.org'), (:'ben', 'tap_ra_ben', 'tap_ra_ben@example.org'),
  (:'cleo', 'tap_ra_cleo', 'tap_ra_cleo@example.org'), (:'dora', 'tap_ra_dora', 'tap_ra_dora@example.org');
insert into auth.teams (id, name) values (:'team', 'Cleo''s');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'cleo', 'owner'), (:'team', :'dora', 'member');
insert into auth.resource_types (name, schema_name, table_name, description) values ('tap_thing', 'auth', 'tap_things', 'x');
insert into auth.grants (user_id, id, resource_type, resource_id, subject_user_id, subject_team_id, permitted) values
  (:'anna', '019e0000-0000-7000-8000-00000000bc81', 'tap_thing', '019e0000-0000-7000-8000-00000000bc91', :'ben', null, 'read'),
  (:'anna', '019e0000-0000-7000-8000-00000000bc82', 'tap_thing', '019e0000-0000-7000-8000-00000000bc91', null, :'team', 'read'),
  (:'anna', '019e0000-0000-7000-8000-00000000bc83', 'tap_thing', '019e0000-0000-7000-8000-00000000bc92', null, :'team', 'read'),
  (:'anna', '019e0000-0000-7000-8000-00000000bc84', 'tap_thing', '019e0000-0000-7000-8000-00000000bc93', :'ben', null, 'admin'),
  (:'anna', '019e0000-0000-7000-8000-00000000bc85', 'tap_thing', '019e0000-0000-7000-8000-00000000bc93', :'dora', null, 'write');

select throws_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc62',
                 '019e0000-0000-7000-8000-00000000bc82') $$,
                 'NF001', 'There is no such grant', 'one that does not concern the caller is not there');
select throws_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc64',
                 '019e0000-0000-7000-8000-00000000bc82') $$,
                 'NP001', 'Only its owner, or who was given admin on it, may do this', 'a member does not give up for the team');
select lives_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc63',
                '019e0000-0000-7000-8000-00000000bc82') $$,
                'its owner does');
select lives_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc62',
                '019e0000-0000-7000-8000-00000000bc81') $$,
                'who has the right may give it up');
select lives_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc62',
                '019e0000-0000-7000-8000-00000000bc85') $$,
                'who was given admin takes another''s back');
select lives_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc61',
                '019e0000-0000-7000-8000-00000000bc84') $$,
                'the owner of the thing his');
select throws_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc61',
                 '019e0000-0000-7000-8000-00000000bc84') $$,
                 'NF001', null, 'once');
select throws_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc61', null) $$,
                 'NF001', null, 'no grant');
select results_eq('select g.id from auth.grants g where g.resource_type = ''tap_thing''',
                  array['019e0000-0000-7000-8000-00000000bc83'::uuid], 'the other stays');
select is((select count(*) from ops.audit_logs l
            where l.entity_type = 'auth.grants' and l.action = 'delete' and l.user_id = :'anna'), 4::bigint, 'each is on record');

select * from finish();
rollback;
