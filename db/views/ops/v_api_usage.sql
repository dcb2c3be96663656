-- api.v_api_usage: every call and every reported use of a model. Owned by plinth_system, because it looks across users.
create or replace view api.v_api_usage as
select u.at,
       nullif(u.user_id, '00000000-0000-0000-0000-000000000000') as user_id,
       u.method,
       u.route,
       u.status,
       u.duration_us / 1000.0 as duration_ms,
       u.cache,
       nullif(u.model, '') as model,
       u.tokens_in,
       u.tokens_out,
       u.cost
  from ops.api_usage u;

comment on view api.v_api_usage is 'Every call and every reported use of a model, for usage.keep_days';
comment on column api.v_api_usage.at is 'When the call was answered, or the model used';
comment on column api.v_api_usage.user_id is 'Who called; NULL: nobody known';
comment on column api.v_api_usage.method is 'HTTP method; (none): no route was found';
comment on column api.v_api_usage.route is 'Path of the route; (none): none was found';
comment on column api.v_api_usage.status is 'HTTP status; NULL: the use of a model';
comment on column api.v_api_usage.duration_ms is 'Milliseconds until the answer';
comment on column api.v_api_usage.cache is 'hit, miss or bypass; NULL: a route whose answers are not kept';
comment on column api.v_api_usage.model is 'The model; NULL: a call';
comment on column api.v_api_usage.tokens_in is 'Tokens sent to the model';
comment on column api.v_api_usage.tokens_out is 'Tokens the model answered with';
comment on column api.v_api_usage.cost is 'What its provider charges';
grant select on api.v_api_usage to plinth_reader, plinth_operator;
alter view api.v_api_usage owner to plinth_system;
