-- core.require_permission: a caller by the roles he has now, a login without a caller only if it is an operator's.
begin;
select plan(27);

select is(pg_get_function_arguments('core.require_permission'::regproc), 'p_permission text', 'arguments');
select is(pg_get_function_result('core.require_permission'::regproc), 'void', 'result');
select volatility_is('core', 'require_permission', array['text'], 'stable');
select isnt_definer('core', 'require_permission', array['text']);
select function_owner_is('core', 'require_permission', array['text'], 'plinth_owner');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.require_permission'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba01
\set ben 019e0000-0000-7000-8000-00000000ba02
insert into auth.users (id, username, email) values
  (:'anna', 'tap_permit_anna', 'tap_permit_anna@example.org'),
  (:'ben', 'tap_permit_ben', 'tap_permit_ben@example.org');
insert into auth.roles (name, description, permissions) values
  ('tap_permit_role', 'planted', '["users:read"]'), ('tap_permit_all', 'planted', '["*"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_permit_role');

-- As functions of the contract call it: by plinth_owner, who sees one user's rows, and by plinth_system, who sees all.
create function pg_temp.as_owner(p_permission text) returns void language plpgsql stable security definer
as $$ begin perform core.require_permission(p_permission); end $$;
create function pg_temp.as_system(p_permission text) returns void language plpgsql stable security definer
as $$ begin perform core.require_permission(p_permission); end $$;
alter function pg_temp.as_owner(text) owner to plinth_owner;
alter function pg_temp.as_system(text) owner to plinth_system;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select lives_ok($$ select pg_temp.as_owner('users:read') $$, 'a role that holds it');
select lives_ok($$ select pg_temp.as_system('users:read') $$, 'also where all rows are seen');
select throws_ok($$ select pg_temp.as_owner('users:write') $$, 'NP001', 'This needs the permission users:write',
                 'a permission no role holds');
select throws_ok($$ select pg_temp.as_system('users:write') $$, 'NP001', null, 'also where all rows are seen');
select throws_ok($$ select pg_temp.as_owner('users') $$, 'NP001', null, 'the beginning of a name is not the name');
select throws_ok($$ select pg_temp.as_owner(null) $$, 'NP001', null, 'no permission is none that anyone holds');
reset session authorization;

insert into auth.user_roles (user_id, role) values (:'ben', 'tap_permit_all');
select throws_ok($$ select pg_temp.as_system('users:write') $$, 'NP001', null, 'another user''s role does not help');
select set_config('plinth.caller', :'ben', true);
select lives_ok($$ select pg_temp.as_owner('users:write') $$, 'a star holds every permission');
delete from auth.user_roles where role = 'tap_permit_all';
select throws_ok($$ select pg_temp.as_owner('users:write') $$, 'NP001', null, 'a role counts no longer than one has it');
set session authorization plinth_operator;
select throws_ok($$ select pg_temp.as_system('users:write') $$, 'NP001', null,
                 'in a request the login does not help the caller');
reset session authorization;

-- By an API key, whose scopes bound what the roles give.
insert into auth.user_roles (user_id, role) values (:'ben', 'tap_permit_all');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes) values
  (:'ben', :'ben', 'narrow', 'plk_', sha256('tap permit 1'), '{users:read}'),
  (:'ben', :'anna', 'wide', 'plk_', sha256('tap permit 2'), '{*}');
select set_config('plinth.context', repeat(E'\x1f', 4) || :'ben', true);
select lives_ok($$ select pg_temp.as_owner('users:read') $$, 'a scope of the key');
select throws_ok($$ select pg_temp.as_owner('users:write') $$, 'NP001', 'The API key lacks the scope users:write',
                 'the role has it, the key does not');
select throws_ok($$ select pg_temp.as_system('users:write') $$, 'NP001', null, 'also where all rows are seen');
select throws_ok($$ select pg_temp.as_owner(null) $$, 'NP001', null, 'no permission is none');
select set_config('plinth.context', repeat(E'\x1f', 4) || :'anna', true);
select lives_ok($$ select pg_temp.as_owner('users:write') $$, 'a key with a star is bounded by the roles only');
select set_config('plinth.context', repeat(E'\x1f', 4) || gen_random_uuid(), true);
select throws_ok($$ select pg_temp.as_owner('users:read') $$, 'NP001', null, 'a key that is gone');
select set_config('plinth.context', '', true);

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select lives_ok($$ select pg_temp.as_owner('users:write') $$, 'an operator, without a request');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select pg_temp.as_owner('users:read') $$, 'UN001', 'Nobody is signed in', 'the layer without a caller');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select pg_temp.as_owner('users:read') $$, 'UN001', 'Nobody is signed in', 'a reader');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select core.require_permission('users:read') $$, '42501', null, 'the layer cannot call it by itself');
reset session authorization;

select lives_ok($$ select core.require_permission('users:read') $$, 'a superuser is an operator');

select * from finish();
rollback;
