-- api.generate_password: random, each character as likely as any other.
begin;
select plan(23);

select is(pg_get_function_arguments('api.generate_password'::regproc),
  'p_length integer DEFAULT 20, p_words boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('api.generate_password'::regproc),
  'text', 'result');
select volatility_is('api', 'generate_password', array['integer', 'boolean'], 'volatile');
select is_definer('api', 'generate_password', array['integer', 'boolean']);
select function_owner_is('api', 'generate_password', array['integer', 'boolean'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.generate_password'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.generate_password'::regproc;

select matches(api.generate_password(), '^[A-Za-z0-9_-]{20}$', '20 characters');
select matches(api.generate_password(8), '^[A-Za-z0-9_-]{8}$', 'as few as 8');
select matches(api.generate_password(128), '^[A-Za-z0-9_-]{128}$', 'as many as 128');
select matches(api.generate_password(20, true), '^[a-z]{5}(-[a-z]{5}){3}$', 'words for 20 characters are four');
select matches(api.generate_password(23, true), '^[a-z]{5}(-[a-z]{5}){3}$', 'and so for 23');
select matches(api.generate_password(24, true), '^[a-z]{5}(-[a-z]{5}){4}$', 'one more for 24');
select matches(api.generate_password(20, true), '^([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]-', 'to be read aloud');
select is((select count(distinct api.generate_password(20)) from generate_series(1, 200)), 200::bigint, 'each is another');
select throws_ok('select api.generate_password(7)', 'VL001', 'length must be from 8 to 128', 'too few');
select throws_ok('select api.generate_password(129)', 'VL001', null, 'too many');
select throws_ok('select api.generate_password(null)', 'VL001', null, 'none');

-- Chi square over 64 characters has 63 degrees of freedom: above 150 once in 10^8 runs. A remainder by 62 or 66
-- characters gives thousands.
create temp table drawn as
select substr(p, n, 1) as letter from (select api.generate_password(128) as p from generate_series(1, 500)) g
 cross join generate_series(1, 128) n;
select is(count(distinct d.letter), 64::bigint, 'all characters come') from drawn d;
select cmp_ok((select sum((f.n - 1000.0) ^ 2 / 1000.0) from (select count(*) as n from drawn d group by d.letter) f), '<', 150.0,
              'as often as each other');
select is_empty(
  $$ select g.p from (select api.generate_password(20, n % 2 = 0) as p from generate_series(1, 100) n) g
      where core.password_fault(g.p, 15, '{}') is not null $$, 'they keep the rules');
set session authorization plinth_web;
select lives_ok('select api.generate_password()', 'anybody may ask');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.generate_password(8, false) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
