-- http.result_columns: the columns a function returns, in order, however it says so.
begin;
select plan(16);

select is(pg_get_function_arguments('http.result_columns'::regproc), 'p_function oid', 'arguments');
select is(pg_get_function_result('http.result_columns'::regproc),
  'TABLE(name text, type text, comment text)', 'result');
select volatility_is('http', 'result_columns', array['oid'], 'stable');
select isnt_definer('http', 'result_columns', array['oid']);
select function_owner_is('http', 'result_columns', array['oid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.result_columns'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.result_columns'::regproc;

set role plinth_owner;
create view core.tap_view as select 1 as zebra, 'x'::text as apple, now() as mango;
comment on column core.tap_view.zebra is 'The last letter first';
create function api.tap_table(p_a text, p_b integer) returns table (zebra integer, apple text, mango timestamptz)
language sql as $$ select 1, 'x', now() $$;
create function api.tap_set() returns setof core.tap_view language sql as $$ select * from core.tap_view $$;
create function api.tap_out(p_a text, out zebra integer, inout apple text) language sql as $$ select 1, 'x' $$;
create function api.tap_row(out thing core.tap_view) language sql as $$ select t from core.tap_view t $$;
create function api.tap_text() returns text language sql as $$ select 'x' $$;
create function api.tap_void() returns void language sql as '';
reset role;

select results_eq($$ select * from http.result_columns('api.tap_table'::regproc) $$,
  $$ values ('zebra', 'integer', null), ('apple', 'text', null), ('mango', 'timestamp with time zone', null) $$,
  'RETURNS TABLE: without the arguments');
select results_eq($$ select * from http.result_columns('api.tap_set'::regproc) $$,
  $$ values ('zebra', 'integer', 'The last letter first'), ('apple', 'text', null),
            ('mango', 'timestamp with time zone', null) $$, 'SETOF a view: with its comments');
select results_eq($$ select * from http.result_columns('api.tap_out'::regproc) $$,
  $$ values ('zebra', 'integer', null), ('apple', 'text', null) $$, 'OUT and INOUT');
select results_eq($$ select c.name, c.type from http.result_columns('api.tap_row'::regproc) c $$,
                  $$ values ('thing', 'core.tap_view') $$, 'a row in one column is one column');
select is_empty($$ select * from http.result_columns('api.tap_text'::regproc) $$, 'one value has no columns');
select is_empty($$ select * from http.result_columns('api.tap_void'::regproc) $$, 'nothing has none');
select is_empty($$ select * from http.result_columns(null) $$, 'no function');

alter view core.tap_view rename column apple to pear;
select results_eq($$ select c.name from http.result_columns('api.tap_set'::regproc) c $$,
                  $$ values ('zebra'), ('pear'), ('mango') $$, 'as the view is now');

set session authorization plinth_web;
select throws_ok($$ select http.result_columns(null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
