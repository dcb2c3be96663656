-- api.create_api_key: makes a key for a program; it is shown once.
begin;
select plan(35);

select is(pg_get_function_arguments('api.create_api_key'::regproc),
  'p_user_id uuid, p_name text, p_scopes text[], p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_limits jsonb DEFAULT ''{}''::jsonb', 'arguments');
select is(pg_get_function_result('api.create_api_key'::regproc),
  'TABLE(id uuid, name text, prefix text, secret text, scopes text[], limits jsonb, created_at timestamp with time zone, '
  'expires_at timestamp with time zone, version integer)', 'result');
select volatility_is('api', 'create_api_key', array['uuid', 'text', 'text[]', 'timestamp with time zone', 'jsonb'], 'volatile');
select is_definer('api', 'create_api_key', array['uuid', 'text', 'text[]', 'timestamp with time zone', 'jsonb']);
select function_owner_is('api', 'create_api_key', array['uuid', 'text', 'text[]', 'timestamp with time zone', 'jsonb'],
  'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_api_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_api_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab110', 'tap_keys10_anna', 'tap_keys10_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab111', 'tap_keys10_ben', 'tap_keys10_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab110', 'developer');

select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab110', true);
create temp table made as
select * from api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'deploy', '{self:write,self:read,self:write}',
  now() + interval '1 day',
                                 '{"requests_per_minute": 60, "tokens_per_day": 100000}');
select matches(m.secret, '^plk_b110[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a key with prefix, routing part and checksum') from made m;
select is(m.prefix, left(m.secret, 12), 'its beginning is kept to show') from made m;
select results_eq('select m.name, m.scopes, m.limits, m.expires_at, m.version, m.created_at from made m',
  $$ values ('deploy', '{self:read,self:write}'::text[], '{"tokens_per_day": 100000, "requests_per_minute": 60}'::jsonb,
             now() + interval '1 day', 1, now()) $$, 'as it was asked for, each scope once');
select results_eq(
  $$ select k.user_id, k.secret_hash, k.previous_hash, k.revoked_at from auth.api_keys k join made m on m.id = k.id $$,
  $$ select '019e0000-0000-7000-8000-0000000ab110'::uuid, sha256(convert_to(m.secret, 'UTF8')), null::bytea,
    null::timestamptz from made m $$,
  'the table has its SHA-256');
select is((select count(*)::integer from auth.api_keys k, made m where k::text like '%' || substr(m.secret, 13) || '%'), 0,
          'and nowhere the key');
select is((select e.user_id from http.enter('user', null, (select sha256(convert_to(m.secret, 'UTF8')) from made m),
  '', 'self:read') e),
          '019e0000-0000-7000-8000-0000000ab110', 'it works');
select results_eq(
  $$ select l.action, l.user_id, l.api_key_id from ops.audit_logs l join made m on m.id::text = l.entity_id $$,
  $$ values ('insert', '019e0000-0000-7000-8000-0000000ab110'::uuid, null::uuid) $$, 'on record');
select is_empty(
  $$ select from ops.audit_details d join ops.audit_logs l on l.id = d.audit_id join made m on m.id::text = l.entity_id
      where d.difference -> 'secret_hash' <> '{}' or d.difference::text ~ '\\x[0-9a-f]{64}' $$, 'without the digest');
-- What is done by a key names it.
select lives_ok($$ update auth.api_keys set name = 'deployment' where id = (select m.id from made m) $$, 'a change by the key');
select results_eq(
  $$ select l.action, l.api_key_id from ops.audit_logs l join made m on m.id::text = l.entity_id order by l.id desc limit 1 $$,
  $$ select 'update', m.id from made m $$, 'names the key it was made by');
select set_config('plinth.context', '', true);

select is((select k.limits || to_jsonb(k.expires_at is null)
  from api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'x', '{*}') k), '[{}, true]',
          'without an end, without limits of its own, with all its owner may');

-- What is refused.
select throws_ok(format('select api.create_api_key(%L, %s)', '019e0000-0000-7000-8000-0000000ab110', c.args), c.code,
  c.message, c.message)
  from (values
    ($$null, '{*}'$$, 'VL003', 'A key needs a name and scopes'),
    ($$'x', null$$, 'VL003', 'A key needs a name and scopes'),
    ($$'', '{*}'$$, 'VL001', 'name must have 1 to 100 characters and no control characters'),
    ($$'x', '{}'$$, 'VL001', 'scopes must name 1 to 50 permissions'),
    ($$'x', '{roles:write}'$$, 'VL001', 'scopes must be permissions you have, or *; you do not have roles:write'),
    ($$'x', '{*}', now()$$, 'VL001', 'expires_at must be in the future'),
    ($$'x', '{*}', 'infinity'$$, 'VL001', 'expires_at must be in the future'),
    ($$'x', '{*}', null, '[]'$$, 'VL001', 'limits must be an object')) c (args, code, message);
select throws_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab111', 'x', '{*}') $$, 'NP001',
                 'A request acts for its own caller only', 'not in another user''s name');
select base.set_setting('api_key.limit', '2');
select throws_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'x', '{*}') $$, 'KC008',
  'There are 2 keys already; revoke one',
                 'as many as there may be');
update auth.api_keys set expires_at = now() where id = (select m.id from made m);
select lives_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'x', '{*}') $$,
  'one that has expired does not count');
update auth.api_keys set revoked_at = now(), revoke_reason = 'x'
  where user_id = '019e0000-0000-7000-8000-0000000ab110' and expires_at is null;
select lives_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'x', '{*}') $$, 'nor one that was revoked');
update auth.users set status = 'suspended' where id = '019e0000-0000-7000-8000-0000000ab110';
select throws_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'x', '{*}') $$, 'NF001',
  'There is no such active account',
                 'an account that is not active makes none');
select set_config('plinth.caller', '', true);

set session authorization plinth_operator;
select lives_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab111', 'x', '{*}') $$,
  'an operator makes one for whom it names');
select throws_ok($$ select api.create_api_key(null, 'x', '{*}') $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'x', '{*}') $$, 'UN001',
  'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.create_api_key('019e0000-0000-7000-8000-0000000ab110', 'x', '{*}') $$, '42501', null,
  'a reader may not');
reset session authorization;

select * from finish();
rollback;
