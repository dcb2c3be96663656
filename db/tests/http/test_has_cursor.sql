-- http.has_cursor: whether a function returns pages.
begin;
select plan(13);

select is(pg_get_function_arguments('http.has_cursor'::regproc), 'p_function oid', 'arguments');
select is(pg_get_function_result('http.has_cursor'::regproc), 'boolean', 'result');
select volatility_is('http', 'has_cursor', array['oid'], 'stable');
select isnt_definer('http', 'has_cursor', array['oid']);
select function_owner_is('http', 'has_cursor', array['oid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.has_cursor'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.has_cursor'::regproc;

set role plinth_owner;
create view core.tap_view as select 1 as n, 'x'::text as cursor;
create function api.tap_pages() returns table (n integer, cursor text) language sql as $$ select 1, 'x' $$;
create function api.tap_view_pages() returns setof core.tap_view language sql as $$ select * from core.tap_view $$;
create function api.tap_rows() returns table (n integer, cursors text) language sql as $$ select 1, 'x' $$;
create function api.tap_asks(cursor text) returns text language sql as $$ select 'x' $$;
reset role;

select ok(http.has_cursor('api.tap_pages'::regproc), 'a table with the column cursor');
select ok(http.has_cursor('api.tap_view_pages'::regproc), 'a view with it');
select ok(not http.has_cursor('api.tap_rows'::regproc), 'without it');
select ok(not http.has_cursor('api.tap_asks'::regproc), 'an argument of that name is none');
select ok(not http.has_cursor(null), 'no function');

set session authorization plinth_web;
select throws_ok($$ select http.has_cursor(null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
