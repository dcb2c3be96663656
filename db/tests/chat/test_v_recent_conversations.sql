-- api.v_recent_conversations: who talks with which model and how much, and nothing of what is said.
begin;
select plan(6);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

insert into auth.users (id, username, email) values
  (pg_temp.id('e101'), 'tap_recent_anna', 'tap_recent_anna@example.org'),
  (pg_temp.id('e102'), 'tap_recent_ben', 'tap_recent_ben@example.org');
insert into chat.conversations (user_id, id, title, model, status, created_at, updated_at) values
  (pg_temp.id('e101'), pg_temp.id('e111'), 'secret', 'gpt-x', 'active', now() - interval '3 d', now() - interval '3 d'),
  (pg_temp.id('e102'), pg_temp.id('e121'), null, null, 'archived', now() - interval '2 d', now() - interval '2 d'),
  (pg_temp.id('e102'), pg_temp.id('e122'), null, null, 'deleted', now(), now()),
  (pg_temp.id('e102'), pg_temp.id('e123'), null, null, 'active', now() - interval '50 d', now() - interval '50 d');
insert into chat.messages (user_id, conversation_id, role, content, prompt_tokens, created_at)
values (pg_temp.id('e101'), pg_temp.id('e111'), 'user', 'hi', 5, now() - interval '1 d');

select is(c.relowner::regrole::text, 'plinth_system', 'owner: it looks across users')
  from pg_class c where c.oid = 'api.v_recent_conversations'::regclass;
select is(array(select a.attname::text from pg_attribute a
                 where a.attrelid = 'api.v_recent_conversations'::regclass and a.attnum > 0 order by a.attnum),
  '{id,user_id,username,status,model,language,message_count,prompt_tokens,completion_tokens,last_message_at,created_at,'
  'active_at}', 'no title, no context, no text');
select is(array(select a.grantee::regrole::text from aclexplode(c.relacl) a where a.privilege_type = 'SELECT' order by 1),
          '{plinth_operator,plinth_reader,plinth_system}', 'who may read it')
  from pg_class c where c.oid = 'api.v_recent_conversations'::regclass;

set session authorization plinth_reader;
select results_eq(
  $$ select v.username, v.status, v.model, v.message_count, v.prompt_tokens, v.active_at
       from v_recent_conversations v where v.username like 'tap\_recent%' $$,
  $$ values ('tap_recent_anna', 'active', 'gpt-x', 1::bigint, 5::bigint, now() - interval '1 d'),
            ('tap_recent_ben', 'archived', null, 0, 0, now() - interval '2 d') $$,
  'readers: the last active first; not what is deleted or long ago');
select throws_ok('select from chat.conversations', '42501', null, 'readers: not the table');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select from api.v_recent_conversations', '42501', null, 'the layer reads no view');
reset session authorization;

select * from finish();
rollback;
