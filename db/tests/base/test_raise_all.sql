-- base.raise_all: raises an error that tells several faults.
begin;
select plan(6);

select function_returns('base', 'raise_all', array['text', 'text', 'jsonb'], 'void');
select volatility_is('base', 'raise_all', array['text', 'text', 'jsonb'], 'immutable');
select isnt_definer('base', 'raise_all', array['text', 'text', 'jsonb']);
select function_privs_are('base', 'raise_all', array['text', 'text', 'jsonb'], 'plinth_system', array['EXECUTE']);

select throws_ok($$ select base.raise_all('VL001', 'Much is wrong', '[{"field": "a", "code": "VL001", "detail": "is wrong"}]') $$,
  'VL001', 'Much is wrong', 'the code and the message');
create function pg_temp.told() returns text language plpgsql as $$
declare
  v_detail text;
begin
  perform base.raise_all('VL001', 'Much is wrong', '[{"field": "a", "code": "VL001", "detail": "is wrong"}]');
exception when sqlstate 'VL001' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail;
end
$$;
select is(pg_temp.told()::jsonb, '[{"field": "a", "code": "VL001", "detail": "is wrong"}]', 'and the faults, as JSON');

select * from finish();
rollback;
