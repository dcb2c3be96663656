-- base.time_of: the moment of an id.
begin;
select plan(7);

select function_returns('base', 'time_of', array['uuid'], 'timestamp with time zone');
select volatility_is('base', 'time_of', array['uuid'], 'immutable');
select is(base.time_of('00000000-03e9-7000-8000-000000000000'), '1970-01-01 00:00:01.001+00', 'its first 48 bits');
select is(base.time_of(base.first_id('2026-11-21 12:34:56.789+00')), '2026-11-21 12:34:56.789+00', 'it undoes first_id');
select is(base.time_of(base.id_at('2026-11-21 12:34:56.789+00')), '2026-11-21 12:34:56.789+00', 'and id_at');
select ok(abs(extract(epoch from clock_timestamp() - base.time_of(base.new_id()))) < 60, 'a new id is of now');
select is(base.time_of(null), null, 'no id, no moment');

select * from finish();
rollback;
