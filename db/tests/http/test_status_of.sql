-- http.status_of: the HTTP status of an error code: its own row, else that of its class, else 500.
begin;
select plan(17);

select is(pg_get_function_arguments('http.status_of'::regproc), 'p_code text', 'arguments');
select is(pg_get_function_result('http.status_of'::regproc), 'integer', 'result');
select volatility_is('http', 'status_of', array['text'], 'stable');
select isnt_definer('http', 'status_of', array['text']);
select function_owner_is('http', 'status_of', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.status_of'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.status_of'::regproc;

select is_empty($$ select e.code from base.errors e where http.status_of(e.code) <> e.http_status $$,
                'every row decides itself');
select results_eq(
  $$ select c, http.status_of(c) from unnest(array['22P02', '22001', '23505', '23503', '23001', '57014', '57P01', '53300',
                                                   '08006', '40001', '42501']) c $$,
  $$ values ('22P02', 400), ('22001', 400), ('23505', 409), ('23503', 409), ('23001', 409), ('57014', 504), ('57P01', 503),
            ('53300', 503), ('08006', 503), ('40001', 503), ('42501', 403) $$, 'PostgreSQL''s own, by code or class');

insert into base.errors (code, http_status, title, description) values
  ('TP', 410, 'of this test', 'x'), ('TP0', 411, 'of this test', 'x'), ('TP001', 412, 'of this test', 'x');
select is(http.status_of('TP001'), 412, 'the longest match decides');
select is(http.status_of('TP002'), 411, 'then the next shorter');
select is(http.status_of('TP9'), 410, 'down to the class');
select is(http.status_of('T'), 500, 'a beginning is no match');
select is(http.status_of('XX000'), 500, 'what nobody foresaw');
select is(http.status_of(''), 500, 'an empty code');
select is(http.status_of(null), 500, 'no code');

set session authorization plinth_web;
select throws_ok($$ select http.status_of('22') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
