-- core.next_message_id: behind the last one, whatever the clock says.
begin;
select plan(6);

select function_returns('core', 'next_message_id', array['uuid'], 'uuid');
select volatility_is('core', 'next_message_id', array['uuid'], 'volatile');
select ok(abs(extract(epoch from clock_timestamp() - base.time_of(core.next_message_id(null)))) < 60, 'the first one is of now');
select ok(core.next_message_id(l.id) > l.id, 'behind one of the future')
  from (select base.id_at(now() + interval '1 hour') as id) l;
select is(base.time_of(core.next_message_id(base.first_id('2100-01-01'))), '2100-01-01 00:00:00.001+00', 'as little as possible');
select ok(bool_and(core.next_message_id(i.id) > i.id), 'within a millisecond, too')
  from (select base.new_id() as id from generate_series(1, 1000)) i;

select * from finish();
rollback;
