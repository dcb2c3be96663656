-- core.memory_holds: whether a memory is true at a moment and of the kind and metadata asked for.
begin;
select plan(17);

select is(pg_get_function_result('core.memory_holds'::regproc), 'boolean', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'core.memory_holds'::regproc;
select is(p.proconfig, null, 'no settings: they would keep the planner from looking into it') from pg_proc p
 where p.oid = 'core.memory_holds'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
          'who may call it')
  from pg_proc p where p.oid = 'core.memory_holds'::regproc;

create function pg_temp.holds(p_memory jsonb, p_at timestamptz, p_kind text default null, p_metadata jsonb default null)
returns boolean
language sql
as $$
  select core.memory_holds(jsonb_populate_record(null::memory.semantic_memories,
           '{"kind": "fact", "metadata": {"a": 1, "b": 2}, "valid_from": "2020-01-01"}' || p_memory), p_at, p_kind, p_metadata)
$$;
select is(pg_temp.holds('{}', '2020-01-01'), true, 'from the moment it is true');
select is(pg_temp.holds('{}', '2019-12-31'), false, 'not before');
select is(pg_temp.holds('{"valid_to": "2021-01-01"}', '2020-12-31'), true, 'until it ends');
select is(pg_temp.holds('{"valid_to": "2021-01-01"}', '2021-01-01'), false, 'not from then on');
select is(pg_temp.holds('{"expires_at": "2020-06-01"}', '2020-03-01'), false, 'what has expired is gone for all times');
select is(pg_temp.holds(jsonb_build_object('expires_at', now()), '2020-03-01'), false, 'from that moment on');
select is(pg_temp.holds('{"expires_at": "2999-06-01"}', '2020-03-01'), true, 'what has not is there');
select is(pg_temp.holds('{}', now(), 'fact'), true, 'of the kind');
select is(pg_temp.holds('{}', now(), 'event'), false, 'of another');
select is(pg_temp.holds('{}', now(), null, '{"a": 1}'), true, 'metadata contain it');
select is(pg_temp.holds('{}', now(), null, '{"a": 2}'), false, 'or not');
create function pg_temp.plan_of(p_query text) returns text language plpgsql as $$
declare
  v_plan json;
begin
  execute 'explain (format json) ' || p_query into v_plan;
  return v_plan::text;
end
$$;
select unalike(pg_temp.plan_of('select from memory.semantic_memories m where core.memory_holds(m, now(), null, null)'),
               '%memory_holds%', 'the planner puts its body in place of the call');
set session authorization plinth_web;
select throws_ok($$ select core.memory_holds(null, now(), null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
