-- core.import_place: how an error names a field of a line.
begin;
select plan(6);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole),
          'p_n bigint, p_line integer, p_field text DEFAULT NULL::text text i f plinth_owner',
          'arguments, result, volatility, definer, owner') from pg_proc p where p.oid = 'core.import_place'::regproc;
select is(core.import_place(1, null, 'role'), 'items[0].role', 'items of a list count from 0');
select is(core.import_place(1, 1, 'role'), 'lines[1].role', 'lines of a file from 1');
select is(core.import_place(3, 1001, 'role'), 'lines[1003].role', 'also in a later piece of it');
select is(core.import_place(3, null, ''), 'items[2]', 'no field');

set session authorization plinth_web;
select throws_ok($$ select core.import_place(1, 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
