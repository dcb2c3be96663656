-- api.list_api_keys: the callers keys, newest first, page by page.
begin;
select plan(19);

select is(pg_get_function_arguments('api.list_api_keys'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_api_keys'::regproc),
  'TABLE(id uuid, name text, prefix text, scopes text[], limits jsonb, created_at timestamp with time zone, '
  'last_used_at timestamp with time zone, expires_at timestamp with time zone, '
  'previous_expires_at timestamp with time zone, version integer, cursor text)', 'result');
select volatility_is('api', 'list_api_keys', array['uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'list_api_keys', array['uuid', 'text', 'integer']);
select function_owner_is('api', 'list_api_keys', array['uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_api_keys'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_api_keys'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab160', 'tap_keys60_anna', 'tap_keys60_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab161', 'tap_keys60_ben', 'tap_keys60_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab160', 'developer');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, expires_at, revoked_at, revoke_reason)
select k.user_id::uuid, k.id::uuid, k.name, 'plk_old', sha256((k.name || ' 60')::bytea), k.scopes::text[], now() + k.rest,
       case when k.revoked then now() end, case when k.revoked then 'of this test' end
  from (values ('019e0000-0000-7000-8000-0000000ab160', '019e0000-0000-7000-8000-0000000ab162', 'first',
    null::interval, false, '{self:read,self:write}'),
               ('019e0000-0000-7000-8000-0000000ab160', '019e0000-0000-7000-8000-0000000ab163', 'expired',
                 interval '0', false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab160', '019e0000-0000-7000-8000-0000000ab164', 'revoked', null, true, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab160', '019e0000-0000-7000-8000-0000000ab166', 'star', null, false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab161', '019e0000-0000-7000-8000-0000000ab165', 'other', null, false,
                 '{*}')) as k (user_id, id, name, rest, revoked, scopes);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab160', true);

create function pg_temp.listed(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns text[] language sql volatile as $$
  select array_agg(l.name order by l.n)
    from (select k.*, row_number() over () as n from api.list_api_keys(p_user_id, p_after, p_limit) k) l
$$;
select is(pg_temp.listed('019e0000-0000-7000-8000-0000000ab160'), '{star,expired,first}',
  'newest first; what was revoked is left out');
select is(pg_temp.listed('019e0000-0000-7000-8000-0000000ab160', null, 2), '{star,expired}', 'a page');
select is(pg_temp.listed('019e0000-0000-7000-8000-0000000ab160', '019e0000-0000-7000-8000-0000000ab163', 2), '{first}',
  'the next one begins behind the cursor');
select is(pg_temp.listed('019e0000-0000-7000-8000-0000000ab160', '019e0000-0000-7000-8000-0000000ab162'), null,
  'behind the last there is nothing');
select results_eq(
  $$ select k.id, k.prefix, k.scopes, k.cursor from api.list_api_keys('019e0000-0000-7000-8000-0000000ab160', null, 1) k $$,
  $$ values ('019e0000-0000-7000-8000-0000000ab166'::uuid, 'plk_old', '{*}'::text[],
    '019e0000-0000-7000-8000-0000000ab166') $$, 'what it shows');
select throws_ok(format('select api.list_api_keys(%L, %L)', '019e0000-0000-7000-8000-0000000ab160', a.place), 'VL001',
                 'after must be the "next" of an earlier answer', 'a place that is none')
  from (values ('somewhere'), ('')) a (place);
select throws_ok($$ select api.list_api_keys('019e0000-0000-7000-8000-0000000ab161') $$, 'NP001', null,
  'not in another user''s name');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is(pg_temp.listed('019e0000-0000-7000-8000-0000000ab161'), '{other}', 'an operator, for whom it names');
select throws_ok($$ select api.list_api_keys(null) $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.list_api_keys('019e0000-0000-7000-8000-0000000ab160') $$, 'UN001',
  'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.list_api_keys('019e0000-0000-7000-8000-0000000ab160') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
