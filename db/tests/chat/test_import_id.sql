-- core.import_id: version 7, ordered by a moment of the past.
begin;
select plan(7);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole), 'p_at timestamp with time zone, p_tail bigint uuid i f plinth_owner',
          'arguments, result, volatility, definer, owner') from pg_proc p where p.oid = 'core.import_id'::regproc;
select is(core.import_id('2024-05-01T10:00:00.123Z', 1), '018f3398-c17b-7000-8000-000000000001', 'milliseconds, 7, zeros, tail');
select is(core.import_id('1970-01-01Z', 4611686018427387903), '00000000-0000-7000-bfff-ffffffffffff',
          'the first moment, the longest tail');
select is(base.time_of(core.import_id('2024-05-01T10:00:00.123Z', 7)), '2024-05-01T10:00:00.123Z', 'the moment can be read');
select ok(core.import_id('2024-05-01T10:00:00.000001Z', 0) > core.import_id('2024-05-01T10:00:00Z', 4611686018427387903),
          'a microsecond later is behind, whatever the tail');
select ok(core.import_id('2024-05-01T10:00:00Z', 2) > core.import_id('2024-05-01T10:00:00Z', 1), 'then the tail decides');

set session authorization plinth_web;
select throws_ok($$ select core.import_id(now(), 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
