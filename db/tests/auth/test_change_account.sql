-- core.change_account: an administrator's changes, and what refuses them. Its callers' tests show it at work.
begin;
select plan(41);

select is(pg_get_function_arguments('core.change_account'::regproc),
  'p_id uuid, p_changes jsonb, p_version integer', 'arguments');
select is(pg_get_function_result('core.change_account'::regproc),
  'void', 'result');
select volatility_is('core', 'change_account', array['uuid', 'jsonb', 'integer'], 'volatile');
select isnt_definer('core', 'change_account', array['uuid', 'jsonb', 'integer']);
select function_owner_is('core', 'change_account', array['uuid', 'jsonb', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.change_account'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.change_account'::regproc;

insert into auth.users (id, username, email, email_verified, status) values
  ('019e0000-0000-7000-8000-00000000f601', 'tap_alter_anna', 'tap_alter_anna@example.org', true, 'active'),
  ('019e0000-0000-7000-8000-00000000f602', 'tap_alter_ben', 'tap_alter_ben@example.org', false, 'deleted');
create function pg_temp.change(p_changes jsonb, p_version integer default null, p_id text default 'f601') returns void language sql
as $$ select core.change_account(('019e0000-0000-7000-8000-00000000' || p_id)::uuid, p_changes, p_version) $$;
create temp view anna as select u.* from auth.users u where u.id = '019e0000-0000-7000-8000-00000000f601';

select core.issue_one_time_token('019e0000-0000-7000-8000-00000000f601', 'reset_password', '1 hour') is null as lost \gset
select lives_ok($$ select pg_temp.change('{"full_name": " Anna ", "tier": "pro", "metadata": {"a": null}, "bio": "b"}', 1) $$,
                'several');
select results_eq('select a.full_name, a.tier, a.metadata, a.bio, a.email_verified, a.version from anna a',
  $$ values ('Anna', 'pro', '{"a": null}'::jsonb, 'b', true, 2) $$, 'as asked for; the rest stays; one version more');
select lives_ok($$ select pg_temp.change('{"bio": "", "full_name": ""}') $$, 'an empty text');
select results_eq('select a.full_name, a.bio from anna a', $$ values (null::text, null::text) $$, 'clears');
select is_empty($$ select from auth.one_time_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000f601'
                    and t.voided_at is not null $$, 'links still work');
select lives_ok($$ select pg_temp.change('{"email": "Anna@Example.org", "username": "tap_alter_cora"}') $$, 'names');
select results_eq('select a.email, a.username, a.email_verified from anna a',
  $$ values ('Anna@Example.org', 'tap_alter_cora', false) $$, 'a new address is not verified');
select isnt_empty($$ select from auth.one_time_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000f601'
                      and t.voided_at is not null $$, 'links sent to the old one are void');
select results_eq(
  $$ select o.address, o.payload ->> 'new_address', o.token_encrypted is not null from ops.outbox o
      where o.user_id = '019e0000-0000-7000-8000-00000000f601' and o.kind = 'email_changed' $$,
  $$ values ('tap_alter_anna@example.org', 'Anna@Example.org', true) $$, 'the old one is told, with a link that takes it back');
select lives_ok($$ select pg_temp.change('{"email": "anna2@example.org", "email_verified": true}') $$, 'unless this says so');
select is((select count(*) from ops.outbox o where o.user_id = '019e0000-0000-7000-8000-00000000f601'
             and o.kind = 'email_changed'), 1::bigint, 'one that was not verified is not told');
select is(a.email_verified, true, 'verified') from anna a;
select lives_ok($$ select pg_temp.change('{}') $$, 'nothing is no error');

select throws_ok($$ select pg_temp.change('{"login_count": 3}') $$, 'VL002',
                 'login_count is not a field of an account that can be changed', 'a field that is none');
select throws_ok($$ select pg_temp.change('{"bio": 3}') $$, 'VL001', 'bio must be text', 'a number for a text');
select throws_ok($$ select pg_temp.change('{"bio": null}') $$, 'VL001', null, 'null is no text');
select throws_ok($$ select pg_temp.change('{"email_verified": "yes"}') $$, 'VL001', 'email_verified must be true or false',
                 'a text');
select throws_ok($$ select pg_temp.change('{"metadata": []}') $$, 'VL001', null, 'a list for an object');
select throws_ok($$ select pg_temp.change('{"status": "deleted"}') $$, 'VL001', 'status must be active or suspended', 'status');
select throws_ok($$ select pg_temp.change('{"tier": "gold"}') $$, 'VL001', 'tier must be one of auth.tiers', 'tier');
select throws_ok($$ select pg_temp.change('{"username": "a b"}') $$, 'VL001', null, 'username');
alter function pg_temp.change security definer;
set session authorization plinth_web;
select throws_ok($$ select pg_temp.change('{"username": "Support"}') $$, 'VL001', 'username is reserved; choose another',
                 'a name that sounds like the service');
reset session authorization;
alter function pg_temp.change security invoker;
select throws_ok($$ select pg_temp.change('{"email": "a b"}') $$, 'VL001', null, 'email');
select throws_ok($$ select pg_temp.change('{"avatar_url": "ftp://x"}') $$, 'VL001', null, 'avatar_url');
select throws_ok($$ select pg_temp.change('{"username": "Tap_Alter_Ben"}') $$, 'KC001', 'The username is taken', 'taken');
select throws_ok($$ select pg_temp.change('{"email": "tap_alter_ben@example.org"}') $$, 'KC001', 'The address is taken',
                 'taken, too');
select throws_ok($$ select pg_temp.change('{"bio": "x"}', 1) $$, 'KC002', null, 'changed meanwhile');
select throws_ok($$ select pg_temp.change('{"bio": "x"}', null, 'f602') $$, 'KC004', 'The account is deleted: restore it first',
                 'a deleted account');
select throws_ok($$ select pg_temp.change('{"bio": "x"}', null, 'f6ff') $$, 'NF001', null, 'nobody has this id');

-- Limits hang on the tier: who may change accounts may not raise them by it, least of all his own.
insert into auth.roles (name, description, permissions) values
  ('tap_alter_support', 'Tests', '["users:write"]'), ('tap_alter_lead', 'Tests', '["users:write", "limits:manage"]');
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f603', 'tap_alter_support', 'tap_alter_support@example.org'),
  ('019e0000-0000-7000-8000-00000000f604', 'tap_alter_lead', 'tap_alter_lead@example.org');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000f603', 'tap_alter_support'), ('019e0000-0000-7000-8000-00000000f604', 'tap_alter_lead');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f603', true);
select throws_ok($$ select pg_temp.change('{"tier": "enterprise"}', null, 'f603') $$, 'NP001',
                 'This needs the permission limits:manage', 'one''s own tier');
select throws_ok($$ select pg_temp.change('{"tier": "enterprise"}') $$, 'NP001', 'This needs the permission limits:manage',
                 'another''s');
select lives_ok($$ select pg_temp.change('{"tier": "pro", "bio": "x"}') $$, 'the same as before changes nothing');
select throws_ok($$ select pg_temp.change('{"status": "suspended"}', null, 'f604') $$, 'NP001',
                 'The account may do more than you may', 'the status of who may do more');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f604', true);
select lives_ok($$ select pg_temp.change('{"tier": "enterprise"}') $$, 'a tier by who may manage limits');

select * from finish();
rollback;
