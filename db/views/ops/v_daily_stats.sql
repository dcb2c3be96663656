-- api.v_daily_stats: usage of everybody by day.
create or replace view api.v_daily_stats as
select s.day,
       s.calls,
       s.errors,
       s.failures,
       s.model_uses,
       s.tokens_in,
       s.tokens_out,
       s.cost,
       round(s.duration_us / 1000.0 / nullif(s.calls, 0), 3) as average_ms,
       s.active_users
  from analytics.daily_stats s;

comment on view api.v_daily_stats is 'Usage of everybody by day (UTC)';
comment on column api.v_daily_stats.day is 'The day';
comment on column api.v_daily_stats.calls is 'Calls';
comment on column api.v_daily_stats.errors is 'Of those, answered with a status of 400 or more';
comment on column api.v_daily_stats.failures is 'Of those, answered with a status of 500 or more';
comment on column api.v_daily_stats.model_uses is 'Uses of models that applications reported';
comment on column api.v_daily_stats.tokens_in is 'Tokens sent to models';
comment on column api.v_daily_stats.tokens_out is 'Tokens models answered with';
comment on column api.v_daily_stats.cost is 'What providers charge';
comment on column api.v_daily_stats.average_ms is 'Milliseconds a call took on average';
comment on column api.v_daily_stats.active_users is 'How many users called, or reported the use of a model';
grant select on api.v_daily_stats to plinth_reader, plinth_operator;
