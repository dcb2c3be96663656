-- base.id_at: an id of a moment.
begin;
select plan(6);

select function_returns('base', 'id_at', array['timestamp with time zone'], 'uuid');
select volatility_is('base', 'id_at', array['timestamp with time zone'], 'volatile');
select ok(i.id >= base.first_id('2020-02-02 02:02:02.002+00') and i.id < base.first_id('2020-02-02 02:02:02.003+00'),
          'it lies in its millisecond')
  from (select base.id_at('2020-02-02 02:02:02.002+00') as id) i;
select matches(base.id_at('2020-02-02')::text, '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
               'it is of version 7');
select is(count(distinct base.id_at('2020-02-02')), 1000::bigint, 'no two are alike') from generate_series(1, 1000);
select ok(base.id_at('1900-01-01') < base.first_id('epoch'::timestamptz + interval '1 ms'), 'before 1970 it is 1970');

select * from finish();
rollback;
