-- api.get_signing_key: the key by which a service checks, for operators.
begin;
select plan(16);

select is(pg_get_function_arguments('api.get_signing_key'::regproc), 'p_kid text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.get_signing_key'::regproc),
  'TABLE(kid text, key text, retired_at timestamp with time zone)', 'result');
select volatility_is('api', 'get_signing_key', array['text'], 'volatile');
select is_definer('api', 'get_signing_key', array['text']);
select function_owner_is('api', 'get_signing_key', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_signing_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_signing_key'::regproc;

delete from auth.signing_keys;
create temp table told (kid text, key text, retired_at timestamptz);
grant all on told to plinth_operator;

set session authorization plinth_operator;
insert into told select * from api.get_signing_key();
select matches(t.key, '^[A-Za-z0-9_-]{43}$', '256 bits') from told t;
select results_eq('select * from api.get_signing_key((select t.kid from told t))', 'select * from told', 'by its name');
select throws_ok($$ select api.get_signing_key('nobody') $$, 'NF001', 'There is no signing key nobody', 'an unknown one');
reset session authorization;
select is(t.key, core.base64url(k.key), 'what signs') from told t, core.signing_key() k;

update auth.signing_keys k set retired_at = now(), forget_at = now() + interval '1 min';
set session authorization plinth_operator;
select is(k.retired_at, now(), 'a retired one is told as such') from told t, api.get_signing_key(t.kid) k;
reset session authorization;
update auth.signing_keys k set forget_at = now();
set session authorization plinth_operator;
select throws_ok(format('select api.get_signing_key(%L)', t.kid), 'NF001', null, 'until nothing it signed is good any more')
  from told t;
reset session authorization;
select is((select count(*) from ops.audit_logs l join told t on l.entity_id = t.kid where l.action = 'signing_key.told'),
          3::bigint, 'each time is on record');
select set_config('plinth.secret_keys', '', true);
delete from auth.signing_keys;
set session authorization plinth_operator;
select throws_ok('select api.get_signing_key()', 'SV503', null, 'not without keys');
reset session authorization;

set session authorization plinth_web;
select throws_ok('select api.get_signing_key()', '42501', null, 'not the layer');
reset session authorization;

select * from finish();
rollback;
