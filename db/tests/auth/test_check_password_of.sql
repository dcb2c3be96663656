-- core.check_password_of: the rules of an account that exists.
begin;
select plan(17);

select is(pg_get_function_arguments('core.check_password_of'::regproc),
  'p_user auth.users, p_password text, p_field text DEFAULT ''password''::text', 'arguments');
select is(pg_get_function_result('core.check_password_of'::regproc),
  'void', 'result');
select volatility_is('core', 'check_password_of', array['auth.users', 'text', 'text'], 'stable');
select isnt_definer('core', 'check_password_of', array['auth.users', 'text', 'text']);
select function_owner_is('core', 'check_password_of', array['auth.users', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_password_of'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_password_of'::regproc;

create function pg_temp.rule(p_password text, p_two boolean, p_field text default 'password') returns text
language plpgsql as $$
declare
  v_user  auth.users;
  v_field text;
begin
  v_user.username := 'zarathustra';
  v_user.email := 'friedrich@example.org';
  v_user.full_name := 'Wilhelm von Nietzsche';
  v_user.two_factor_enabled := p_two;
  perform core.check_password_of(v_user, p_password, p_field);
  return null;
exception when sqlstate 'VL001' then
  get stacked diagnostics v_field = column_name;
  return v_field || ': ' || sqlerrm;
end
$$;
select is(pg_temp.rule('correct horse battery', false), null, 'a good one');
select is(pg_temp.rule('kqxmwzvb', false), 'password: password must have at least 15 characters', 'eight are few');
select is(pg_temp.rule('kqxmwzvb', true), null, 'with a second factor they are enough');
select is(pg_temp.rule('kqxmwzv', true, 'new_password'), 'new_password: new_password must have at least 8 characters',
          'fewer are not; the field is the caller''s');
select is(pg_temp.rule(p || 'kqxm', false),
          'password: password must be more than your name, your address or the product''s name', p)
  from unnest(array['zarathustra', 'friedrich@example.org', 'NIETZSCHE wilhelm']) p;
select throws_ok($$ select core.check_password_of(null, null) $$, 'VL003', 'A password is needed', 'none at all');
update base.settings set value = '9' where name = 'password.minimum_length_two_factor';
select is(pg_temp.rule('kqxmwzvb', true), 'password: password must have at least 9 characters', 'a setting');

set session authorization plinth_web;
select throws_ok($$ select core.check_password_of(null, 'x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
