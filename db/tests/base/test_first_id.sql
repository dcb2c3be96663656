-- base.first_id: where the ids of a moment begin.
begin;
select plan(8);

select function_returns('base', 'first_id', array['timestamp with time zone'], 'uuid');
select volatility_is('base', 'first_id', array['timestamp with time zone'], 'immutable');
select is(base.first_id('epoch'), '00000000-0000-0000-0000-000000000000', 'the beginning');
select is(base.first_id('1970-01-01 00:00:01.0019+00'), '00000000-03e9-0000-0000-000000000000', 'milliseconds, cut');
select ok(base.first_id(clock_timestamp()) <= base.new_id() and base.new_id() < base.first_id(clock_timestamp() + interval '1 s'),
          'an id lies between its moment and the next');
select is(base.first_id(null), null, 'no moment, no bound');
select is(array[base.first_id('1900-01-01'), base.first_id('-infinity')], array_fill(base.first_id('epoch'), '{2}'),
          'before 1970 there is none');
select is(array[base.first_id('20000-01-01'), base.first_id('infinity')], array_fill(base.first_id('9999-12-31+00'), '{2}'),
          'nor after 9999');

select * from finish();
rollback;
