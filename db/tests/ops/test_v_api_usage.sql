-- api.v_api_usage: every call, for analysts.
begin;
select plan(6);

select view_owner_is('api', 'v_api_usage', 'plinth_system', 'owner');
select columns_are('api', 'v_api_usage', array['at', 'user_id', 'method', 'route', 'status', 'duration_ms', 'cache', 'model',
                                              'tokens_in', 'tokens_out', 'cost']);
-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
select core.add_usage(array[
  row('00000000-0000-0000-0000-000000000000', base.new_id(), now(), null, 'GET', '/tap', 404, 1500, 'x', null,
    '', null, null, null),
  row('019e0000-0000-7000-8000-0000000a7b01', base.new_id(), now(), null, 'POST', '/tap', null, null, 'x', null, 'm', 1, 2, 0.5)
  ]::ops.api_usage[]);

set session authorization plinth_reader;
select results_eq(
  $$ select v.user_id, v.status::integer, v.duration_ms, v.model, v.tokens_out, v.cost
    from v_api_usage v where v.route = '/tap' order by 1 $$,
  $$ values ('019e0000-0000-7000-8000-0000000a7b01'::uuid, null, null,
    'm', 2::bigint, 0.5), (null, 404, 1.5, null, null, null) $$,
  'calls and models of everybody; nobody has no id');
reset session authorization;
set session authorization plinth_operator;
select is((select count(*) from v_api_usage v where v.route = '/tap'), 2::bigint, 'an operator, too');
select is((select count(*) from api_usage u where u.endpoint = '/tap'), 2::bigint, 'also under its usual name');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select * from v_api_usage', '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
