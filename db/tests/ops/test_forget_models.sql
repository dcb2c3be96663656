-- core.forget_models: the rollups of one user name no models any more and count what they counted.
begin;
select plan(14);

select is(pg_get_function_arguments('core.forget_models'::regproc), 'p_user_id uuid, p_most integer', 'arguments');
select is(pg_get_function_result('core.forget_models'::regproc), 'integer', 'result');
select volatility_is('core', 'forget_models', array['uuid', 'integer'], 'volatile');
select isnt_definer('core', 'forget_models', array['uuid', 'integer']);
select function_owner_is('core', 'forget_models', array['uuid', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.forget_models'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.forget_models'::regproc;

select core.add_usage(array_agg(row(
         ('019e0000-0000-7000-8000-0000000fe30' || u)::uuid, base.new_id(), now(), null, 'POST', '/v1/usage',
         case m when '' then 200 end, case m when '' then 10 else 1500 * n end, 'r', null, m, n, 2 * n,
         n * 0.5)::ops.api_usage)) as added
  from generate_series(1, 2) u, unnest('{m1,m2,anna@example.org,""}'::text[]) m, generate_series(1, 3) n \gset
create function pg_temp.told(u integer) returns setof record language sql as $$
  select m.model, m.calls, m.tokens_in, m.tokens_out, m.cost, m.duration_us, m.slowest_us,
         (select sum(d) from unnest(m.durations) d)
    from analytics.api_metrics m where m.user_id = ('019e0000-0000-7000-8000-0000000fe30' || u)::uuid order by 1
$$;
select is(core.forget_models('019e0000-0000-7000-8000-0000000fe301', 2), 2, 'at most as many as asked for');
select is(core.forget_models('019e0000-0000-7000-8000-0000000fe301', 2), 1, 'three models');
select is(core.forget_models('019e0000-0000-7000-8000-0000000fe301', 2), 0, 'there is no more');
select results_eq(
  $$ select * from pg_temp.told(1) as t (model text, calls bigint, i bigint, o bigint, cost numeric, us bigint, slowest integer,
                                         slots numeric) $$,
  $$ values ('', 3::bigint, 6::bigint, 12::bigint, 3.0, 30::bigint, 10, 3.0),
            ('erased', 9, 18, 36, 9.0, 27000, 4500, 9) $$, 'the calls as they were, the models as one');
select is((select count(*) from pg_temp.told(2) as t (model text, calls bigint, i bigint, o bigint, cost numeric, us bigint,
                                                       slowest integer, slots numeric)), 4::bigint, 'another user''s stay');
update ops.api_usage set model = 'erased' where user_id = '019e0000-0000-7000-8000-0000000fe301' and model <> '';
select is_empty($$ select * from api.verify_usage() $$, 'the rollups equal a recount');

select core.add_usage(array_agg(row(
         ('019e0000-0000-7000-8000-0000000fe31' || u)::uuid, base.new_id(), now() - (u = 1 and n = 2)::integer * interval '1 hour',
         null, case when u = 2 and n = 2 then 'GET' else 'POST' end, case when u = 3 and n = 2 then '/v1/me' else '/v1/usage' end,
         case when u = 4 and n = 2 then 404 else 200 end, 10, 'r', null, 'm', 1, 1, 1)::ops.api_usage)) as added
  from generate_series(1, 4) u, generate_series(1, 2) n \gset
select is(array(select core.forget_models(('019e0000-0000-7000-8000-0000000fe31' || u)::uuid, 1) from generate_series(1, 4) u),
          '{1,1,1,1}', 'a row of another hour, method, route or class is another row');

select * from finish();
rollback;
