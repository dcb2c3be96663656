-- core.find_embeddings: which vectors of a model texts have already, each looked up by its key.
begin;
select plan(13);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_find', 2), api.create_embedding_model('tap_find_other', 2) $$,
                'two models');

select is(pg_get_function_arguments('core.find_embeddings'::regproc),
  'p_user_id uuid, p_model_id integer, p_contents text[], p_collections text[], p_message_ids uuid[], p_memory_ids uuid[]',
  'arguments');
select is(pg_get_function_result('core.find_embeddings'::regproc), 'TABLE(n bigint, id uuid)', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'core.find_embeddings'::regproc;
select is(p.proconfig, null, 'no settings: they would keep the planner from looking into it') from pg_proc p
 where p.oid = 'core.find_embeddings'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
          'who may call it')
  from pg_proc p where p.oid = 'core.find_embeddings'::regproc;

create function pg_temp.id(p_end text) returns uuid language sql as $$
  select ('019e0000-0000-7000-8000-00000000fd' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values
  (pg_temp.id('01'), 'tap_find_anna', 'tap_find_anna@example.org'), (pg_temp.id('02'), 'tap_find_ben', 'tap_find_ben@example.org');
insert into chat.conversations (user_id, id) values (pg_temp.id('01'), pg_temp.id('11'));
insert into chat.messages (user_id, id, conversation_id, role, content)
select pg_temp.id('01'), pg_temp.id('2' || n), pg_temp.id('11'), 'user', 'hello' from generate_series(1, 3) n;
insert into memory.semantic_memories (user_id, id, content)
select pg_temp.id('01'), pg_temp.id('3' || n), 'hello' from generate_series(1, 3) n;
-- What hangs on nothing, on two messages and on two memories, all of one text; then another collection, model and user.
insert into memory.embeddings (user_id, id, model_id, content, collection, message_id, memory_id, embedding)
select pg_temp.id(v.whose), pg_temp.id(v.id), m.id, 'hello', v.collection, pg_temp.id(v.message), pg_temp.id(v.memory), '[1,2]'
  from (values ('01', '40', 'tap_find', '', null, null), ('01', '41', 'tap_find', '', '21', null),
               ('01', '42', 'tap_find', '', '22', null), ('01', '43', 'tap_find', '', null, '31'),
               ('01', '44', 'tap_find', '', null, '32'), ('01', '45', 'tap_find', 'tap', null, null),
               ('01', '46', 'tap_find_other', '', '23', null), ('02', '47', 'tap_find', 'ben', null, null))
       as v (whose, id, model, collection, message, memory)
  join memory.embedding_models m on m.name = v.model;

create function pg_temp.found(
  p_contents text[], p_collections text[], p_messages text[] default null, p_memories text[] default null
)
returns text[]
language sql
as $$
  select array(
    select coalesce(right(f.id::text, 2), 'none')
      from core.find_embeddings(pg_temp.id('01'), (select m.id from memory.embedding_models m where m.name = 'tap_find'),
             p_contents, p_collections, array(select pg_temp.id(x) from unnest(p_messages) x),
             array(select pg_temp.id(x) from unnest(p_memories) x)) f
     order by f.n)
$$;
select is(pg_temp.found('{hello,bye,hello}', null), '{40,none,40}', 'a text that hangs on nothing, as often as it is named');
select is(pg_temp.found('{hello,hello,hello}', null, '{22,21,23}'), '{42,41,none}',
          'that of each message, and none of another model');
select is(pg_temp.found('{hello,hello,hello}', null, null, '{32,33,31}'), '{44,none,43}', 'that of each memory');
select is(pg_temp.found('{hello,hello}', '{tap,ben}'), '{45,none}', 'that of a collection, and none of another user');
select is(pg_temp.found('{}', null), '{}', 'nothing was asked for');

create function pg_temp.plan_of(p_query text) returns text language plpgsql as $$
declare
  v_plan json;
begin
  execute 'explain (format json) ' || p_query into v_plan;
  return v_plan::text;
end
$$;
select unalike(pg_temp.plan_of($$ select from core.find_embeddings(null, 1, '{a}', null, null, null) $$), '%find_embeddings%',
               'the planner puts its body in place of the call');
set session authorization plinth_web;
select throws_ok($$ select from core.find_embeddings(null, 1, '{a}', null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
