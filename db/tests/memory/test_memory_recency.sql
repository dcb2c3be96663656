-- core.memory_recency: half of it for each half-life.
begin;
select plan(11);

select is(pg_get_function_result('core.memory_recency'::regproc), 'double precision', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'core.memory_recency'::regproc;
select is(p.proconfig, null, 'no settings: they would keep the planner from looking into it') from pg_proc p
 where p.oid = 'core.memory_recency'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
          'who may call it')
  from pg_proc p where p.oid = 'core.memory_recency'::regproc;

select is(core.memory_recency(now(), now(), 30), 1::double precision, 'now');
select is(core.memory_recency(now() + interval '1 day', now(), 30), 1::double precision, 'to come');
select is(core.memory_recency(now() - interval '30 days', now(), 30), 0.5::double precision, 'a half-life ago');
select is(core.memory_recency(now() - interval '90 days', now(), 30), 0.125::double precision, 'three');
select is(round(core.memory_recency(now() - interval '1 day', now(), 1.5)::numeric, 9), round(0.5 ^ (1 / 1.5), 9), 'a part of one');
select is(core.memory_recency('1000-01-01', now(), 0.001) < 1e-300, true, 'long ago');
set session authorization plinth_web;
select throws_ok($$ select core.memory_recency(now(), now(), 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
