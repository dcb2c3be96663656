-- core.check_account: the rules of username, address and display name, each with its own sentence and field.
begin;
select plan(22);

select is(pg_get_function_arguments('core.check_account'::regproc),
  'p_username text, p_email text, p_full_name text', 'arguments');
select is(pg_get_function_result('core.check_account'::regproc), 'void', 'result');
select volatility_is('core', 'check_account', array['text', 'text', 'text'], 'immutable');
select isnt_definer('core', 'check_account', array['text', 'text', 'text']);
select function_owner_is('core', 'check_account', array['text', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_account'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.check_account'::regproc;

select lives_ok($$ select core.check_account('anna', 'anna@example.org', 'Anna') $$, 'an ordinary account');
select lives_ok($$ select core.check_account('anna', 'anna@example.org', null) $$, 'a name for display is not needed');
select lives_ok($$ select core.check_account('0a.B_c-d', 'a@b', 'Ünïcödé Ñame 名') $$, 'what else is allowed');
select lives_ok($$ select core.check_account('abc', 'anna@example.org', '') $$, '3 characters');
select lives_ok($$ select core.check_account(repeat('a', 40), repeat('a', 242) || '@example.org', repeat('n', 200)) $$,
                'as long as may be');

create function pg_temp.refused(p_username text, p_email text, p_full_name text)
returns text
language plpgsql
as $$
declare
  v_code  text;
  v_field text;
begin
  perform core.check_account(p_username, p_email, p_full_name);
  return null;
exception when others then
  get stacked diagnostics v_code = returned_sqlstate, v_field = column_name;
  return v_code || ' ' || v_field;
end
$$;

select throws_ok($$ select core.check_account('ab', 'anna@example.org', null) $$, 'VL001',
  'username must have 3 to 40 characters: letters and digits, and between them single _ . or -', 'a name too short');
select throws_ok($$ select core.check_account('anna', 'anna', null) $$, 'VL001',
  'email must be an address such as name@example.org, of at most 254 characters', 'no address');
select throws_ok($$ select core.check_account('anna', 'anna@example.org', repeat('n', 201)) $$, 'VL001',
  'full_name must have at most 200 characters and no control characters', 'a display name too long');

select is_empty(
  $$ select u from unnest(array[null, '', 'ab', repeat('a', 41), '_anna', '.anna', '-anna', 'an na', 'anna@home',
                                'änna', 'anna' || chr(10), 'an' || chr(9) || 'na', 'anna_', 'anna.',
                                'anna-', 'an__na', 'an.-na']) u
      where pg_temp.refused(u, 'anna@example.org', null) is distinct from 'VL001 username' $$,
  'usernames that are refused');
select is_empty(
  $$ select e from unnest(array[null, '', '@', 'a@', '@b', 'a@b@c', 'a b@c', 'a@b c', 'a@b' || chr(10),
                                'a' || chr(13) || '@b', 'a,b@c', '<a@b>', 'a@b>',
                                'a;b@c', 'a:b@c', '"a"@b', 'a(b)@c', 'a\b@c', 'a@[::1]', repeat('a', 243) || '@example.org']) e
      where pg_temp.refused('anna', e, null) is distinct from 'VL001 email' $$,
  'addresses that are refused');
select is_empty(
  $$ select n from unnest(array['a' || chr(10) || 'b', chr(27) || '[31m', repeat('n', 201)]) n
      where pg_temp.refused('anna', 'anna@example.org', n) is distinct from 'VL001 full_name' $$,
  'names that are refused');

-- The table holds to the same rules, whoever writes to it.
select throws_ok($$ insert into auth.users (username, email) values ('ab', 'a@b') $$, '23514', null, 'table: username');
select throws_ok($$ insert into auth.users (username, email) values ('tap_check', 'ab') $$, '23514', null,
                 'table: email');
select throws_ok(
  $$ insert into auth.users (username, email, full_name) values ('tap_check', 'a@b', repeat('n', 201)) $$,
  '23514', null, 'table: full_name');

set session authorization plinth_web;
select throws_ok($$ select core.check_account('anna', 'a@b', null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
