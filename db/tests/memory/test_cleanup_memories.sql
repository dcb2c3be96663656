-- core.cleanup_memories: what expired a while ago, so many at a time, of everybody.
begin;
select plan(15);

select is(pg_get_function_arguments('core.cleanup_memories'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_memories'::regproc),
  'integer', 'result');
select volatility_is('core', 'cleanup_memories', array['integer'], 'volatile');
select is_definer('core', 'cleanup_memories', array['integer']);
select function_owner_is('core', 'cleanup_memories', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.cleanup_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001ab01', 'tap_cleanup_memories_anna', 'tap_cleanup_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001ab02', 'tap_cleanup_memories_ben', 'tap_cleanup_memories_ben@example.org');
delete from memory.semantic_memories;
insert into memory.semantic_memories (user_id, id, content, supersedes, expires_at)
select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.id,
       ('019e0000-0000-7000-8000-00000001' || m.supersedes)::uuid, now() - m.ago
  from (values ('ab01', 'ab21', null, null), ('ab01', 'ab22', 'ab21', interval '8 days'), ('ab01', 'ab23', null, '6 days'),
               ('ab02', 'ab24', null, '7 days'), ('ab02', 'ab25', null, null), ('ab02', 'ab26', null, '-1 h'))
       as m (who, id, supersedes, ago);

select is(core.cleanup_memories(1), 1, 'so many');
select is(array(select m.content from memory.semantic_memories m order by 1), '{ab23,ab24,ab25,ab26}',
          'what expired first, with its past');
select is(core.cleanup_memories(10), 1, 'the rest');
select is(array(select m.content from memory.semantic_memories m order by 1), '{ab23,ab25,ab26}', 'what has not been long stays');
update base.settings set value = '6' where name = 'memory.expired_days';
select is(core.cleanup_memories(10), 1, 'how long is a setting');
select is(core.cleanup_memories(10), 0, 'nothing left');
select is(j.every, interval '10 minutes', 'a job') from http.jobs j where j.name = 'core.cleanup_memories';
set session authorization plinth_web;
select throws_ok($$ select core.cleanup_memories(1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
