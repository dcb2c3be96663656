-- core.require_held: nobody hands on what he does not hold.
begin;
select plan(14);

select is(pg_get_function_arguments('core.require_held'::regproc), 'p_permissions jsonb', 'arguments');
select is(pg_get_function_result('core.require_held'::regproc), 'void', 'result');
select volatility_is('core', 'require_held', array['jsonb'], 'stable');
select isnt_definer('core', 'require_held', array['jsonb']);
select function_owner_is('core', 'require_held', array['jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.require_held'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.require_held'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba21
insert into auth.users (id, username, email) values (:'anna', 'tap_held_anna', 'tap_held_anna@example.org');
insert into auth.roles (name, description, permissions) values
  ('tap_held_one', 'planted', '["users:read"]'), ('tap_held_two', 'planted', '["users:write", "audit:read"]'),
  ('tap_held_all', 'planted', '["*"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_held_one'), (:'anna', 'tap_held_two');

select set_config('plinth.caller', :'anna', true);
select lives_ok($$ select core.require_held('["users:read", "users:write"]') $$, 'what his roles hold together');
select lives_ok($$ select core.require_held('[]') $$, 'nothing is held by everybody');
select lives_ok($$ select core.require_held(null) $$, 'as is no list');
select throws_ok($$ select core.require_held('["users:read", "roles:write"]') $$,
                 'NP001', 'This needs the permission roles:write', 'one of two is not enough');
select throws_ok($$ select core.require_held('["*"]') $$, 'NP001', 'This needs the permission *', 'a star needs a star');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_held_all');
select lives_ok($$ select core.require_held('["roles:write", "*"]') $$, 'and holds everything');
select set_config('plinth.caller', '', true);
select lives_ok($$ select core.require_held('["*"]') $$, 'as does an operator');

select * from finish();
rollback;
