-- core.search_in_messages: its part of api.search_all, whose test shows what it finds.
begin;
select plan(10);

select is(pg_get_function_arguments('core.search_in_messages'::regproc),
  'p_user_id uuid, p_query tsquery, p_model memory.embedding_models, p_embedding ext.vector, p_most integer, '
  'p_conversation_id uuid, p_from timestamp with time zone, p_to timestamp with time zone', 'arguments');
select is(pg_get_function_result('core.search_in_messages'::regproc),
  'TABLE(source text, id uuid, conversation_id uuid, language text, content text, '
  'created_at timestamp with time zone, text_score real, distance double precision)', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'core.search_in_messages'::regproc;
select is(p.prosecdef, false, 'definer') from pg_proc p where p.oid = 'core.search_in_messages'::regproc;
select is(p.proowner::regrole::text, 'plinth_owner', 'owner') from pg_proc p
 where p.oid = 'core.search_in_messages'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.search_in_messages'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.search_in_messages'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b701', 'tap_search_in_messages', 'tap_search_in_messages@example.org');
insert into chat.conversations (user_id, id, language) values
  ('019e0000-0000-7000-8000-00000001b701', '019e0000-0000-7000-8000-00000001b711', 'german');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  ('019e0000-0000-7000-8000-00000001b701', '019e0000-0000-7000-8000-00000001b721', '019e0000-0000-7000-8000-00000001b711',
   'user', 'Die Tore');
select results_eq(
  $$ select f.source, f.id, f.conversation_id, f.language, f.content, f.text_score > 0, f.distance
       from core.search_in_messages('019e0000-0000-7000-8000-00000001b701', 'tor', null, null, 10, null, null, null) f $$,
  $$ values ('message', uuid '019e0000-0000-7000-8000-00000001b721', uuid '019e0000-0000-7000-8000-00000001b711', 'german',
             'Die Tore', true, null::double precision) $$, 'in the language of its conversation');
select is_empty(
  $$ select f.id from core.search_in_messages('019e0000-0000-7000-8000-00000001b701', null, null, null, 10, null, null, null) f $$,
  'nothing is looked for');
set session authorization plinth_web;
select throws_ok($$ select core.search_in_messages(null, null, null, null, 1, null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
