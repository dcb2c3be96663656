-- api.rotate_api_key: a new secret; the old one works for a while.
begin;
select plan(29);

select is(pg_get_function_arguments('api.rotate_api_key'::regproc),
  'p_user_id uuid, p_key_id uuid, p_grace_minutes integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.rotate_api_key'::regproc),
  'TABLE(id uuid, name text, prefix text, secret text, scopes text[], limits jsonb, created_at timestamp with time zone, '
  'expires_at timestamp with time zone, previous_expires_at timestamp with time zone, version integer)', 'result');
select volatility_is('api', 'rotate_api_key', array['uuid', 'uuid', 'integer'], 'volatile');
select is_definer('api', 'rotate_api_key', array['uuid', 'uuid', 'integer']);
select function_owner_is('api', 'rotate_api_key', array['uuid', 'uuid', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.rotate_api_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.rotate_api_key'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab120', 'tap_keys20_anna', 'tap_keys20_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab121', 'tap_keys20_ben', 'tap_keys20_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab120', 'developer');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, expires_at, revoked_at, revoke_reason)
select k.user_id::uuid, k.id::uuid, k.name, 'plk_old', sha256((k.name || ' 20')::bytea), k.scopes::text[], now() + k.rest,
       case when k.revoked then now() end, case when k.revoked then 'of this test' end
  from (values ('019e0000-0000-7000-8000-0000000ab120', '019e0000-0000-7000-8000-0000000ab122', 'first',
    null::interval, false, '{self:read,self:write}'),
               ('019e0000-0000-7000-8000-0000000ab120', '019e0000-0000-7000-8000-0000000ab123', 'expired',
                 interval '0', false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab120', '019e0000-0000-7000-8000-0000000ab124', 'revoked', null, true, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab120', '019e0000-0000-7000-8000-0000000ab126', 'star', null, false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab121', '019e0000-0000-7000-8000-0000000ab125', 'other', null, false,
                 '{*}')) as k (user_id, id, name, rest, revoked, scopes);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab120', true);

create temp table second as select * from api.rotate_api_key('019e0000-0000-7000-8000-0000000ab120',
  '019e0000-0000-7000-8000-0000000ab122', 10);
select matches(s.secret, '^plk_b120[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a new key') from second s;
select results_eq('select s.id, s.name, s.prefix, s.scopes, s.limits, s.previous_expires_at, s.version from second s',
  $$ select '019e0000-0000-7000-8000-0000000ab122'::uuid, 'first', left(s.secret, 12),
    '{self:read,self:write}'::text[], '{}'::jsonb,
            now() + interval '10 min', 2 from second s $$, 'what it is stays');
select lives_ok($$ select http.enter('user', null, sha256('first 20'), '', 'self:read') $$, 'the old secret works still');
select lives_ok($$ select http.enter('user', null, (select sha256(convert_to(s.secret, 'UTF8')) from second s), '', 'self:read') $$,
                'the new one already');
select isnt_empty($$ select from base.touched_tags t
  where t.xid = pg_current_xact_id() and t.tag = 'sessions:019e0000-0000-7000-8000-0000000ab120' $$,
                  'copies of the old one are void');
select results_eq(
  $$ select l.action, l.changed from ops.audit_logs l
    where l.entity_id = '019e0000-0000-7000-8000-0000000ab122' order by l.id desc limit 1 $$,
  $$ values ('update', '{prefix,previous_expires_at,previous_hash,secret_hash}'::text[]) $$, 'on record, by name');

create temp table third as select * from api.rotate_api_key('019e0000-0000-7000-8000-0000000ab120',
  '019e0000-0000-7000-8000-0000000ab122', 0);
select is(t.previous_expires_at, null, 'no time for the old one') from third t;
select throws_ok($$ select http.enter('user', null, sha256('first 20'), '', 'self:read') $$, 'UN001', null,
                 'the secret before last is dead');
select throws_ok($$ select http.enter('user', null, (select sha256(convert_to(s.secret, 'UTF8')) from second s), '',
  'self:read') $$,
                 'UN001', null, 'the last one, too, without a grace');
select lives_ok($$ select http.enter('user', null, (select sha256(convert_to(t.secret, 'UTF8')) from third t), '', 'self:read') $$,
                'the new one works');
select is((select k.previous_expires_at from api.rotate_api_key('019e0000-0000-7000-8000-0000000ab120',
  '019e0000-0000-7000-8000-0000000ab122') k), now() + interval '1 day',
          'a day where nothing else is asked for, which is a setting');

select throws_ok(format('select api.rotate_api_key(%L, %L)', '019e0000-0000-7000-8000-0000000ab120', k.id), 'NF001',
  'There is no such live key', k.why)
  from (values ('019e0000-0000-7000-8000-0000000ab123'::uuid, 'one that has expired'),
    ('019e0000-0000-7000-8000-0000000ab124', 'one that was revoked'),
               ('019e0000-0000-7000-8000-0000000ab125', 'another user''s'), (gen_random_uuid(), 'one that never was'),
                 (null, 'none')) k (id, why);
select throws_ok(format('select api.rotate_api_key(%L, %L, %s)', '019e0000-0000-7000-8000-0000000ab120',
  '019e0000-0000-7000-8000-0000000ab122', g.minutes), 'VL001',
                 'grace_minutes must be from 0 to 10080, which is a week', 'a grace of ' || g.minutes)
  from (values (-1), (10081)) g (minutes);
select throws_ok($$ select api.rotate_api_key('019e0000-0000-7000-8000-0000000ab121',
  '019e0000-0000-7000-8000-0000000ab125') $$, 'NP001', null, 'not in another user''s name');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select lives_ok($$ select api.rotate_api_key('019e0000-0000-7000-8000-0000000ab121',
  '019e0000-0000-7000-8000-0000000ab125') $$, 'an operator, for whom it names');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.rotate_api_key('019e0000-0000-7000-8000-0000000ab120',
  '019e0000-0000-7000-8000-0000000ab122') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.rotate_api_key('019e0000-0000-7000-8000-0000000ab120',
  '019e0000-0000-7000-8000-0000000ab122') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
