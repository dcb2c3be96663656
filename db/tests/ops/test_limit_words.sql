-- core.limit_words: a limit as its caller is told.
begin;
select plan(13);

select is(pg_get_function_arguments('core.limit_words'::regproc), 'p_subject text, p_place integer, p_limit bigint', 'arguments');
select is(pg_get_function_result('core.limit_words'::regproc), 'text', 'result');
select volatility_is('core', 'limit_words', array['text', 'integer', 'bigint'], 'immutable');
select isnt_definer('core', 'limit_words', array['text', 'integer', 'bigint']);
select function_owner_is('core', 'limit_words', array['text', 'integer', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.limit_words'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.limit_words'::regproc;

select is(core.limit_words('user:019e0000-0000-7000-8000-000000000000', 1, 60), '60 requests a minute of your account',
  'an account''s');
select is(core.limit_words('key:019e0000-0000-7000-8000-000000000000', 2, 9), '9 requests an hour of this API key', 'a key''s');
select is(core.limit_words('address:2001:db8::', 3, 5), '5 requests a day of your address', 'an address''');
select is(core.limit_words('user:019e0000-0000-7000-8000-000000000000', 0, 7), '7 tokens a day of your account', 'tokens');
select is(core.limit_words('route:user:019e0000-0000-7000-8000-000000000000:GET /v1/a/{b}', 1, 2),
          '2 requests a minute of GET /v1/a/{b}', 'a route''s');
select is(core.limit_words('route:address:2001:db8:::POST /v1/users', 1, 2), '2 requests a minute of POST /v1/users',
          'a route''s for an address');

select * from finish();
rollback;
