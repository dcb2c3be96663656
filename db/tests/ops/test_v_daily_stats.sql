-- api.v_daily_stats: usage of everybody by day, for analysts.
begin;
select plan(5);

select columns_are('api', 'v_daily_stats', array['day', 'calls', 'errors', 'failures', 'model_uses', 'tokens_in',
  'tokens_out', 'cost',
                                                'average_ms', 'active_users']);
-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from analytics.daily_stats;
insert into analytics.daily_stats values ('2026-01-31', 4, 2, 1, 3, 10, 20, 0.5, 6000, 2), ('2026-02-01', 0, 0, 0, 0, 0,
  0, 0, 0, 0);
set session authorization plinth_reader;
select results_eq('select v.* from v_daily_stats v order by v.day',
  $$ values ('2026-01-31'::date, 4::bigint, 2::bigint, 1::bigint, 3::bigint, 10::bigint, 20::bigint, 0.5, 1.500, 2::bigint),
            ('2026-02-01', 0, 0, 0, 0, 0, 0, 0, null, 0) $$, 'a row per day');
reset session authorization;
set session authorization plinth_operator;
select is((select count(*) from daily_stats), 2::bigint, 'also under its usual name');
select lives_ok('select from api_metrics, model_usage_stats limit 1', 'and the others');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select * from v_daily_stats', '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
