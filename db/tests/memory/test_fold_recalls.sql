-- core.fold_recalls: what recalls brought up is counted in the memories, each recall once.
begin;
select plan(16);

select is(pg_get_function_arguments('core.fold_recalls'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.fold_recalls'::regproc),
  'integer', 'result');
select volatility_is('core', 'fold_recalls', array['integer'], 'volatile');
select is_definer('core', 'fold_recalls', array['integer']);
select function_owner_is('core', 'fold_recalls', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.fold_recalls'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.fold_recalls'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001ac01', 'tap_fold_recalls_anna', 'tap_fold_recalls_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001ac02', 'tap_fold_recalls_ben', 'tap_fold_recalls_ben@example.org');
delete from memory.recalls;
insert into memory.semantic_memories (user_id, id, content, recall_count, last_recalled_at) values
  ('019e0000-0000-7000-8000-00000001ac01', '019e0000-0000-7000-8000-00000001ac21', 'one', 5, '2020-01-01'),
  ('019e0000-0000-7000-8000-00000001ac01', '019e0000-0000-7000-8000-00000001ac22', 'two', 0, null),
  ('019e0000-0000-7000-8000-00000001ac02', '019e0000-0000-7000-8000-00000001ac23', 'three', 1, '2999-01-01'),
  ('019e0000-0000-7000-8000-00000001ac02', '019e0000-0000-7000-8000-00000001ac24', 'four', 0, null);
-- The last one names a memory that went meanwhile, and one of another user.
insert into memory.recalls (user_id, id, memory_ids, recalled_at)
select ('019e0000-0000-7000-8000-00000001' || r.who)::uuid, ('019e0000-0000-7000-8000-00000001' || r.id)::uuid,
       array(select ('019e0000-0000-7000-8000-00000001' || i)::uuid from unnest(r.memories) i), r.at::timestamptz
  from (values ('ac01', 'ac31', '{ac21,ac22}'::text[], '2021-01-02'), ('ac01', 'ac32', '{ac21}', '2021-01-01'),
               ('ac02', 'ac33', '{ac23}', '2021-01-03'), ('ac02', 'ac34', '{ac29,ac21}', '2021-01-04'))
       as r (who, id, memories, at);

create function pg_temp.counted() returns text[] language sql as $$
  select array_agg(concat_ws(' ', m.content, m.recall_count, m.last_recalled_at::date, m.version) order by m.id)
    from memory.semantic_memories m where m.user_id::text like '019e0000-0000-7000-8000-00000001ac0_'
$$;
select is(core.fold_recalls(2), 2, 'so many');
select is(pg_temp.counted(), '{"one 7 2021-01-02 1","two 1 2021-01-02 1","three 1 2999-01-01 1","four 0 1"}',
          'each recall counts; it is no change of the memory');
select is(core.fold_recalls(10), 2, 'the rest');
select is(pg_temp.counted(), '{"one 7 2021-01-02 1","two 1 2021-01-02 1","three 2 2999-01-01 1","four 0 1"}',
          'a time only goes forward; of another user nothing counts');
select is(core.fold_recalls(10), 0, 'nothing twice');
select is_empty('select from memory.recalls', 'and none is left');
select is((select count(*) from ops.audit_logs l where l.entity_type = 'memory.semantic_memories'
              and l.user_id::text like '019e0000-0000-7000-8000-00000001ac0_'), 0::bigint,
          'the trail does not know');
select is(j.every, interval '1 minute', 'a job') from http.jobs j where j.name = 'core.fold_recalls';
set session authorization plinth_web;
select throws_ok($$ select core.fold_recalls(1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
