-- api.rotate_signing_key: a new key signs, the old one is told until its last token has expired.
begin;
select plan(14);

select is(pg_get_function_arguments('api.rotate_signing_key'::regproc), '', 'arguments');
select is(pg_get_function_result('api.rotate_signing_key'::regproc), 'text', 'result');
select volatility_is('api', 'rotate_signing_key', '{}'::name[], 'volatile');
select is_definer('api', 'rotate_signing_key', '{}'::name[]);
select function_owner_is('api', 'rotate_signing_key', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.rotate_signing_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'api.rotate_signing_key'::regproc;

delete from auth.signing_keys;
insert into auth.signing_keys (kid, key_encrypted, retired_at, forget_at) values
  ('long gone', 'x', now() - interval '1 day', now()), ('still good', 'x', now() - interval '1 min', now() + interval '1 min');
insert into auth.signing_keys (kid, key_encrypted) values ('in force', 'x');
create temp table told (kid text);
grant insert on told to plinth_operator;

set session authorization plinth_operator;
insert into told select api.rotate_signing_key();
reset session authorization;
select results_eq($$ select k.kid from auth.signing_keys k where k.retired_at is null $$, 'select t.kid from told t', 'a new one');
select set_eq($$ select k.kid from auth.signing_keys k where k.retired_at is not null $$, array['still good', 'in force'],
              'the last one is told for a while, one long gone no more');
select ok(k.forget_at between now() + interval '900 s' and now() + interval '930 s', 'as long as its longest token lives')
  from auth.signing_keys k where k.kid = 'in force';
select is((select count(*) from ops.audit_logs l where l.action = 'signing_key.rotated' and l.entity_id = 'in force'), 1::bigint,
          'on record');
select set_config('plinth.secret_keys', '', true);
set session authorization plinth_operator;
select throws_ok('select api.rotate_signing_key()', 'SV503', null, 'not without keys');
reset session authorization;
select is((select count(*) from auth.signing_keys k where k.retired_at is null), 1::bigint, 'which leaves the one there is');

set session authorization plinth_web;
select throws_ok('select api.rotate_signing_key()', '42501', null, 'not the layer');
reset session authorization;

select * from finish();
rollback;
