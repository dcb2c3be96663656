-- core.check_api_key: the rules of name, scopes and limits.
begin;
select plan(33);

select is(pg_get_function_arguments('core.check_api_key'::regproc),
  'p_user_id uuid, p_name text, p_scopes text[], p_limits jsonb', 'arguments');
select is(pg_get_function_result('core.check_api_key'::regproc),
  'void', 'result');
select volatility_is('core', 'check_api_key', array['uuid', 'text', 'text[]', 'jsonb'], 'stable');
select isnt_definer('core', 'check_api_key', array['uuid', 'text', 'text[]', 'jsonb']);
select function_owner_is('core', 'check_api_key', array['uuid', 'text', 'text[]', 'jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_api_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_api_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab170', 'tap_keys70_anna', 'tap_keys70_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab171', 'tap_keys70_ben', 'tap_keys70_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab170', 'developer');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab171', 'administrator');
select lives_ok(format('select core.check_api_key(%L, %s)', '019e0000-0000-7000-8000-0000000ab170', c.args), 'fine: ' || c.args)
  from (values
    ($$null, null, null$$), ($$'x', '{*}', '{}'$$), ($$repeat('é', 100), '{self:read,keys:write}', null$$),
    ($$null, null, '{"requests_per_minute": 1, "requests_per_hour": 60, "requests_per_day": 999999999999, "tokens_per_day": 5}'$$),
    ($$null, null, '{"requests_per_minute": 0, "tokens_per_day": 0}'$$)
  ) c (args);
select throws_ok(format('select core.check_api_key(%L, %s)', '019e0000-0000-7000-8000-0000000ab170', c.args), 'VL001',
  c.message, c.args)
  from (values
    ($$'', null, null$$, 'name must have 1 to 100 characters and no control characters'),
    ($$repeat('x', 101), null, null$$, 'name must have 1 to 100 characters and no control characters'),
    ($$E'a\nb', null, null$$, 'name must have 1 to 100 characters and no control characters'),
    ($$null, '{}', null$$, 'scopes must name 1 to 50 permissions'),
    ($$null, array_fill('*'::text, '{51}'), null$$, 'scopes must name 1 to 50 permissions'),
    ($$null, '{self:read,users:write}', null$$, 'scopes must be permissions you have, or *; you do not have users:write'),
    ($$null, '{self:read,NULL}', null$$, 'scopes must be permissions you have, or *; you do not have null'),
    ($$null, array[repeat('x', 60)], null$$, 'scopes must be permissions you have, or *; you do not have ' || repeat('x', 50)),
    ($$null, '{self}', null$$, 'scopes must be permissions you have, or *; you do not have self'),
    ($$null, null, 'null'$$, 'limits must be an object'),
    ($$null, null, '3'$$, 'limits must be an object')) c (args, message);
select throws_ok(format('select core.check_api_key(%L, null, null, %L)', '019e0000-0000-7000-8000-0000000ab170', l.limits), 'VL001',
  'limits must be whole numbers from 0 to 999,999,999,999, named requests_per_minute, requests_per_hour, requests_per_day '
  'or tokens_per_day', l.limits)
  from (values ('{"per_minute": 1}'), ('{"tokens_per_day": -1}'), ('{"tokens_per_day": 1.5}'), ('{"tokens_per_day": "0"}'),
               ('{"tokens_per_day": "1"}'), ('{"tokens_per_day": null}'), ('{"tokens_per_day": 1000000000000}')) l (limits);
select lives_ok($$ select core.check_api_key('019e0000-0000-7000-8000-0000000ab171', null, '{roles:write,users:write}', null) $$,
                'who has every permission may name each of them');
select throws_ok($$ select core.check_api_key('019e0000-0000-7000-8000-0000000ab171', null, '{any:thing}',
  null) $$, 'VL001', null,
                 'as long as there is one');
set session authorization plinth_web;
select throws_ok($$ select core.check_api_key('019e0000-0000-7000-8000-0000000ab170', null, null, null) $$, '42501',
  null, 'private');
reset session authorization;

select * from finish();
rollback;
