-- api.issue_access_jwt: who is signed in, for one service and a short while, signed.
begin;
select plan(29);

select is(pg_get_function_arguments('api.issue_access_jwt'::regproc),
  'p_user_id uuid, p_audience text, p_lifetime integer DEFAULT 300', 'arguments');
select is(pg_get_function_result('api.issue_access_jwt'::regproc),
  'TABLE(token text, expires_at timestamp with time zone)', 'result');
select volatility_is('api', 'issue_access_jwt', array['uuid', 'text', 'integer'], 'volatile');
select is_definer('api', 'issue_access_jwt', array['uuid', 'text', 'integer']);
select function_owner_is('api', 'issue_access_jwt', array['uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.issue_access_jwt'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.issue_access_jwt'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fb01', 'tap_jwt_anna', 'tap_jwt_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fb02', 'tap_jwt_ben', 'tap_jwt_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000fb01', 'readonly');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at) values
  ('019e0000-0000-7000-8000-00000000fb01', '019e0000-0000-7000-8000-00000000fb11', sha256('tap jwt 1'), sha256('tap jwt 1r'),
   now() + interval '5 min', now() + interval '6 min'),
  ('019e0000-0000-7000-8000-00000000fb01', '019e0000-0000-7000-8000-00000000fb12', sha256('tap jwt 2'), sha256('tap jwt 2r'),
   now() + interval '1 min', now() + interval '2 min');
create temp table answer (n integer, token text, expires_at timestamptz);
grant all on answer to plinth_web, plinth_operator;
create function pg_temp.part(p_token text, p_n integer) returns jsonb language sql as $$
  select convert_from(decode(rpad(p.text, (length(p.text) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
    from (select translate(split_part(p_token, '.', p_n), '-_', '+/') as text) p
$$;

set session authorization plinth_web;
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'billing') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000fb01', 'in a request')
  from http.enter('session', null, sha256('tap jwt 1'), '') e;
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb02', 'billing') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
insert into answer select 1, a.* from api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'billing') a;
insert into answer select 2, a.* from api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'billing', 900) a;
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', null) $$, 'VL003', null, 'for no service');
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', '') $$, 'VL001', null, 'a nameless one');
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'a b') $$, 'VL001', null, 'a blank');
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'x', 29) $$,
                 'VL001', 'lifetime must be from 30 to 900 seconds', 'too short');
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'x', 901) $$, 'VL001', null, 'too long');
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'x', null) $$, 'VL001', null, 'no time');
reset session authorization;

select is(pg_temp.part(a.token, 1), jsonb_build_object('alg', 'HS256', 'typ', 'JWT', 'kid', k.kid), 'the header names the key')
  from answer a, core.signing_key() k where a.n = 1;
select is(pg_temp.part(a.token, 2) - '{jti,iat,exp}'::text[],
  '{"iss": "plinth", "sub": "019e0000-0000-7000-8000-00000000fb01", "aud": "billing",
    "sid": "019e0000-0000-7000-8000-00000000fb11", "roles": ["readonly"], "scope": "self:read"}', 'who, for whom, what he may')
  from answer a where a.n = 1;
select is(pg_temp.part(a.token, 2) -> 'exp', to_jsonb(floor(extract(epoch from now()))::bigint + 300), 'five minutes')
  from answer a where a.n = 1;
select is(pg_temp.part(a.token, 2) -> 'iat', to_jsonb(floor(extract(epoch from now()))::bigint), 'from now')
  from answer a where a.n = 1;
select is(a.expires_at, date_trunc('second', now() + interval '6 min'), 'no longer than the session') from answer a where a.n = 2;
select is((select count(distinct pg_temp.part(a.token, 2) ->> 'jti') from answer a), 2::bigint, 'each has a name of its own');
select is(split_part(a.token, '.', 3),
          core.base64url(ext.hmac(convert_to(concat_ws('.', split_part(a.token, '.', 1), split_part(a.token, '.', 2)), 'UTF8'),
                                  k.key, 'sha256')), 'signed') from answer a, core.signing_key() k where a.n = 1;

-- In psql: no session; another user.
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
insert into answer select 3, a.* from api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb02', 'psql', 60) a;
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb09', 'x') $$, 'UN001',
                 'There is no such active account', 'nobody');
reset session authorization;
update auth.users set status = 'suspended' where username = 'tap_jwt_ben';
set session authorization plinth_operator;
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb02', 'x') $$, 'UN001',
                 'There is no such active account', 'nor for who is suspended');
reset session authorization;
update auth.users set status = 'active' where username = 'tap_jwt_ben';
select results_eq(
  $$ select l.acting_role, l.user_id, d.difference
       from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id where l.action = 'jwt.issued' $$,
  $$ values ('plinth_operator', '019e0000-0000-7000-8000-00000000fb02'::uuid, '{"audience": {"after": "psql"}}'::jsonb) $$,
  'an operator''s is on record, users'' own are not');
select is(pg_temp.part(a.token, 2) ?| '{sid,scope}', false, 'no session, no roles: not named') from answer a where a.n = 3;
select set_config('plinth.secret_keys', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb02', 'x') $$, 'SV503', null, 'not without keys');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.issue_access_jwt('019e0000-0000-7000-8000-00000000fb01', 'x') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
