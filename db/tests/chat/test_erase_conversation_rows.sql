-- core.erase_conversation_rows: what hangs on a conversation goes in steps, whatever it is.
begin;
select plan(15);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('core.erase_conversation_rows'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_most integer', 'arguments');
select is(pg_get_function_result('core.erase_conversation_rows'::regproc), 'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v f plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=auto}', 'volatility, no definer, owner, search path')
  from pg_proc p where p.oid = 'core.erase_conversation_rows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.erase_conversation_rows'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d7a1'), 'tap_erase_rows_anna', 'tap_erase_rows_anna@example.org');
insert into chat.skills (name, version, description, parameters, current) values ('TapErase', '1.0.0', 'x', '{}', true);
insert into chat.conversations (user_id, id) values
  (pg_temp.id('d7a1'), pg_temp.id('d7b1')), (pg_temp.id('d7a1'), pg_temp.id('d7b2'));
insert into chat.messages (user_id, conversation_id, role, content)
select pg_temp.id('d7a1'), pg_temp.id('d7b1'), 'user', 'text ' || n from generate_series(1, 3) n;
set session authorization plinth_operator;
select api.create_memory(pg_temp.id('d7a1'), 'memory ' || n, p_conversation_id => pg_temp.id('d7b1'))
  from generate_series(1, 3) n;
select api.create_plan(pg_temp.id('d7a1'), 'Plan ' || n, p_conversation_id => pg_temp.id('d7b1'))
  from generate_series(1, 3) n;
select api.start_function_execution(pg_temp.id('d7a1'), 'TapErase', '{"said": 1}',
                                    p_conversation_id => pg_temp.id(c)) from unnest('{d7b1,d7b1,d7b2}'::text[]) c;
select api.create_message(pg_temp.id('d7a1'), pg_temp.id('d7b2'), 'user', 'elsewhere');
select api.create_memory(pg_temp.id('d7a1'), 'elsewhere', p_conversation_id => pg_temp.id('d7b2'));
select api.create_memory(pg_temp.id('d7a1'), 'anywhere');
select api.create_plan(pg_temp.id('d7a1'), 'Elsewhere', p_conversation_id => pg_temp.id('d7b2'));
reset session authorization;

create function pg_temp.left() returns text language sql as $$
  select concat_ws(' ',
    (select count(*) from chat.messages m where m.conversation_id = pg_temp.id('d7b1')),
    (select count(*) from memory.semantic_memories m where m.conversation_id = pg_temp.id('d7b1')),
    (select count(*) from chat.planner_executions m where m.conversation_id = pg_temp.id('d7b1')),
    (select count(*) from chat.function_executions m where m.conversation_id = pg_temp.id('d7b1')))
$$;
create function pg_temp.step(p_most integer) returns integer language sql as $$
  select core.erase_conversation_rows(pg_temp.id('d7a1'), pg_temp.id('d7b1'), p_most)
$$;
select is(pg_temp.left(), '3 3 3 2', 'what there is');
set local role plinth_system;
select is(pg_temp.step(2), 2, 'as many rows as it may');
reset role;
select is(pg_temp.left(), '1 3 3 2', 'messages first');
set local role plinth_system;
select is(pg_temp.step(3), 3, 'the last message, and memories');
select is(pg_temp.step(201), 201, 'a plan counts as many rows as it may have steps');
reset role;
select is(pg_temp.left(), '0 0 2 2', 'step by step');
set local role plinth_system;
select is(pg_temp.step(1000), 402, 'fewer than it may: nothing is left');
reset role;
select is(pg_temp.left(), '0 0 0 0', 'but the conversation');
select is(array(select e.arguments from chat.function_executions e where e.user_id = pg_temp.id('d7a1') order by e.id),
          array['{}', '{}', '{"said": 1}']::jsonb[], 'runs stay, without what was said; those of others as they were');
select is(concat_ws(' ', (select count(*) from chat.messages m where m.user_id = pg_temp.id('d7a1')),
                    (select count(*) from memory.semantic_memories m where m.user_id = pg_temp.id('d7a1')),
                    (select count(*) from chat.planner_executions p where p.user_id = pg_temp.id('d7a1'))), '1 2 1',
          'what hangs on another conversation, or on none, is as it was');
set local role plinth_system;
select is(pg_temp.step(1000), 0, 'then there is nothing to do');
reset role;

select * from finish();
rollback;
