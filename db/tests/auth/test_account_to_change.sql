-- core.account_to_change: who may change which account.
begin;
select plan(23);

select is(pg_get_function_arguments('core.account_to_change'::regproc),
  'p_id uuid, p_critical boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('core.account_to_change'::regproc),
  'auth.users', 'result');
select volatility_is('core', 'account_to_change', array['uuid', 'boolean'], 'volatile');
select isnt_definer('core', 'account_to_change', array['uuid', 'boolean']);
select function_owner_is('core', 'account_to_change', array['uuid', 'boolean'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.account_to_change'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.account_to_change'::regproc;

insert into auth.roles (name, description, permissions) values
  ('tap_change_support', 'Tests', '["users:read", "users:write"]'), ('tap_change_lead', 'Tests', '["users:write", "roles:write"]');
insert into auth.users (id, username, email, status) values
  ('019e0000-0000-7000-8000-00000000f501', 'tap_change_anna', 'tap_change_anna@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000f502', 'tap_change_support', 'tap_change_support@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000f503', 'tap_change_lead', 'tap_change_lead@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000f504', 'tap_change_gone', 'tap_change_gone@example.org', 'erased'),
  ('019e0000-0000-7000-8000-00000000f505', 'tap_change_root', 'tap_change_root@example.org', 'active');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000f501', 'developer'), ('019e0000-0000-7000-8000-00000000f502', 'tap_change_support'),
  ('019e0000-0000-7000-8000-00000000f503', 'tap_change_lead'), ('019e0000-0000-7000-8000-00000000f505', 'administrator');
create function pg_temp.changes(p_who text, p_whom text, p_login boolean default false) returns text language plpgsql as $$
begin
  perform set_config('plinth.caller', coalesce('019e0000-0000-7000-8000-00000000' || p_who, ''), true);
  return (core.account_to_change(('019e0000-0000-7000-8000-00000000' || p_whom)::uuid, p_login)).username;
exception when sqlstate 'NP001' or sqlstate 'NF001' then
  return sqlerrm;
end
$$;
select is(pg_temp.changes('f502', 'f501'), 'tap_change_anna', 'support changes who has less or other rights');
select is(pg_temp.changes('f502', 'f501', true), 'The account may do more than you may',
          'but not what an account signs in with that may do anything he may not');
select is(pg_temp.changes('f502', 'f502', true), 'This is your own account: see /v1/me', 'nor what he signs in with himself');
select is(pg_temp.changes('f505', 'f501', true), 'tap_change_anna', 'so does an administrator');
select is(pg_temp.changes('f502', 'f502'), 'tap_change_support', 'and himself');
select is(pg_temp.changes('f502', 'f503'), 'The account may do more than you may', 'not who may change roles');
select is(pg_temp.changes('f502', 'f505'), 'The account may do more than you may', 'not an administrator');
select is(pg_temp.changes('f503', 'f502'), 'The account may do more than you may', 'not who may do one thing more');
select is(pg_temp.changes('f505', 'f503'), 'tap_change_lead', 'an administrator changes anybody');
select is(pg_temp.changes(null, 'f505'), 'tap_change_root', 'so does an operator');
-- By an API key an administrator may what its scopes name.
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes) values
  ('019e0000-0000-7000-8000-00000000f505', '019e0000-0000-7000-8000-00000000f5a1', 'tap', 'plk_f505', sha256('f5a1'),
   '{users:write}'),
  ('019e0000-0000-7000-8000-00000000f505', '019e0000-0000-7000-8000-00000000f5a2', 'tap', 'plk_f505', sha256('f5a2'),
   '{*}'),
  ('019e0000-0000-7000-8000-00000000f502', '019e0000-0000-7000-8000-00000000f5a3', 'tap', 'plk_f502', sha256('f5a3'),
   '{users:write,roles:write}');
select set_config('plinth.context', concat_ws(E'\x1f', '', '', '', '', '019e0000-0000-7000-8000-00000000f5a1'), true);
select is(pg_temp.changes('f505', 'f503'), 'The account may do more than you may', 'a key may less than its owner');
select is(pg_temp.changes('f505', 'f505', true), 'This is your own account: see /v1/me', 'and does not take its owner over');
select set_config('plinth.context', concat_ws(E'\x1f', '', '', '', '', '019e0000-0000-7000-8000-00000000f5a2'), true);
select is(pg_temp.changes('f505', 'f503'), 'tap_change_lead', 'one for everything may as much');
select set_config('plinth.context', concat_ws(E'\x1f', '', '', '', '', '019e0000-0000-7000-8000-00000000f5a3'), true);
select is(pg_temp.changes('f502', 'f503'), 'The account may do more than you may', 'none may more than its owner');
select set_config('plinth.context', '', true);
select is(pg_temp.changes('f505', 'f504'), 'There is no such account, or it is erased', 'an erased account is none');
select is(pg_temp.changes('f505', 'f5ff'), 'There is no such account, or it is erased', 'nobody has this id');

select * from finish();
rollback;
