-- core.check_profile: the rules of what a person says about himself.
begin;
select plan(16);

select is(pg_get_function_arguments('core.check_profile'::regproc),
  'p_full_name text, p_avatar_url text, p_bio text, p_metadata jsonb', 'arguments');
select is(pg_get_function_result('core.check_profile'::regproc),
  'void', 'result');
select volatility_is('core', 'check_profile', array['text', 'text', 'text', 'jsonb'], 'immutable');
select isnt_definer('core', 'check_profile', array['text', 'text', 'text', 'jsonb']);
select function_owner_is('core', 'check_profile', array['text', 'text', 'text', 'jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_profile'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_profile'::regproc;

select lives_ok($$ select core.check_profile(null, null, null, null) $$, 'what is not named is not looked at');
select lives_ok($$ select core.check_profile('', '', '', '{}') $$, 'what is to be cleared neither');
select lives_ok($$ select core.check_profile(repeat('n', 200), 'https://' || repeat('a', 1992), repeat('b', 2000), '{"a": [1]}') $$,
                'as long as may be');
select throws_ok($$ select core.check_profile(repeat('n', 201), null, null, null) $$, 'VL001',
  'full_name must have at most 200 characters and no control characters', 'full_name too long');
select throws_ok($$ select core.check_profile(E'a\nb', null, null, null) $$, 'VL001', null, 'full_name of two lines');
select throws_ok($$ select core.check_profile(null, 'javascript:alert(1)', null, null) $$, 'VL001',
  'avatar_url must be an http or https address of at most 2,000 characters', 'avatar_url of another kind');
select throws_ok($$ select core.check_profile(null, null, repeat('b', 2001), null) $$, 'VL001',
  'bio must have at most 2,000 characters', 'bio too long');
select throws_ok($$ select core.check_profile(null, null, null, '[]') $$, 'VL001',
  'metadata must be an object of at most 16 kB', 'metadata that is a list');
select throws_ok($$ select core.check_profile(null, null, null, jsonb_build_object('a', repeat('b', 16400))) $$, 'VL001', null,
                 'metadata too large');

select * from finish();
rollback;
