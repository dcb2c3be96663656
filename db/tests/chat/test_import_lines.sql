-- core.import_lines: the lines of one type, with their numbers.
begin;
select plan(4);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole, p.prorows),
          'p_items jsonb, p_type text TABLE(n bigint, item jsonb) i f plinth_owner 1000',
          'arguments, result, volatility, definer, owner, rows') from pg_proc p where p.oid = 'core.import_lines'::regproc;
select results_eq(
  $$ select l.n, l.item ->> 'x'
       from core.import_lines('[{"type": "a", "x": 1}, {"type": "b"}, 5, {"type": "a", "x": 2}]', 'a') l $$,
  $$ values (1::bigint, '1'), (4, '2') $$, 'in their order');
select is_empty($$ select * from core.import_lines('[]', 'a') $$, 'none');

set session authorization plinth_web;
select throws_ok($$ select * from core.import_lines('[]', 'a') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
