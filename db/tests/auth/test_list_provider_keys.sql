-- api.list_provider_keys: keys of other services, as their owner sees them.
begin;
select plan(18);

select is(pg_get_function_arguments('api.list_provider_keys'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_provider_keys'::regproc),
  'TABLE(id uuid, provider text, name text, last_four text, fingerprint text, created_at timestamp with time zone, '
  'updated_at timestamp with time zone, last_used_at timestamp with time zone, version integer, cursor text)', 'result');
select volatility_is('api', 'list_provider_keys', array['uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'list_provider_keys', array['uuid', 'text', 'integer']);
select function_owner_is('api', 'list_provider_keys', array['uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_provider_keys'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_provider_keys'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab240', 'tap_other40_anna', 'tap_other40_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab241', 'tap_other40_ben', 'tap_other40_ben@example.org');
insert into auth.provider_keys (user_id, id, provider, name, secret_encrypted, last_four, fingerprint)
select k.user_id::uuid, k.id::uuid, 'openai', k.name,
       core.encrypt_secret('sk-' || k.name || '-0123456789', concat('provider_key:', k.user_id, ':', k.id)), '6789', 'f' || k.name
  from (values ('019e0000-0000-7000-8000-0000000ab240', '019e0000-0000-7000-8000-0000000ab242', 'first'),
    ('019e0000-0000-7000-8000-0000000ab240', '019e0000-0000-7000-8000-0000000ab243', 'second'),
      ('019e0000-0000-7000-8000-0000000ab241', '019e0000-0000-7000-8000-0000000ab244', 'other'))
    as k (user_id, id, name);
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab240', true);

select results_eq($$ select l.id, l.provider, l.name, l.last_four, l.fingerprint, l.cursor
  from api.list_provider_keys('019e0000-0000-7000-8000-0000000ab240') l $$,
  $$ values ('019e0000-0000-7000-8000-0000000ab243'::uuid, 'openai', 'second', '6789', 'fsecond',
    '019e0000-0000-7000-8000-0000000ab243'),
            ('019e0000-0000-7000-8000-0000000ab242', 'openai', 'first', '6789', 'ffirst',
              '019e0000-0000-7000-8000-0000000ab242') $$, 'newest first, to know them again');
select is((select array_agg(l.name) from api.list_provider_keys('019e0000-0000-7000-8000-0000000ab240', null, 1) l),
  '{second}', 'a page');
select is((select array_agg(l.name) from api.list_provider_keys('019e0000-0000-7000-8000-0000000ab240',
  '019e0000-0000-7000-8000-0000000ab243') l), '{first}', 'the next one');
select is_empty($$ select a.attname from pg_attribute a
  where a.attrelid = 'core.provider_key_details'::regclass and a.attname ~ 'secret|encrypted' $$, 'the key is in no column');
select throws_ok(format('select api.list_provider_keys(%L, %L)', '019e0000-0000-7000-8000-0000000ab240', a.place), 'VL001',
                 'after must be the "next" of an earlier answer', 'a place that is none')
  from (values ('somewhere'), ('')) a (place);
select throws_ok($$ select api.list_provider_keys('019e0000-0000-7000-8000-0000000ab241') $$, 'NP001', null,
  'not in another user''s name');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is((select array_agg(l.name) from api.list_provider_keys('019e0000-0000-7000-8000-0000000ab241') l), '{other}',
  'an operator, for whom it names');
select throws_ok($$ select api.list_provider_keys(null) $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.list_provider_keys('019e0000-0000-7000-8000-0000000ab240') $$, 'UN001',
  'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.list_provider_keys('019e0000-0000-7000-8000-0000000ab240') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
