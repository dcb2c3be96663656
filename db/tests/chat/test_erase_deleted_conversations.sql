-- core.erase_deleted_conversations: a job: what can no longer be restored goes.
begin;
select plan(14);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('core.erase_deleted_conversations'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.erase_deleted_conversations'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.erase_deleted_conversations'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.erase_deleted_conversations'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d701'), 'tap_erase_job_anna', 'tap_erase_job_anna@example.org');
insert into chat.conversations (user_id, id, status, deleted_at, erase_after) values
  (pg_temp.id('d701'), pg_temp.id('d711'), 'deleted', now() - interval '31 days', now() - interval '1 day'),
  (pg_temp.id('d701'), pg_temp.id('d712'), 'deleted', now() - interval '32 days', now() - interval '2 days'),
  (pg_temp.id('d701'), pg_temp.id('d713'), 'deleted', now(), now() + interval '1 day'),
  (pg_temp.id('d701'), pg_temp.id('d714'), 'active', null, null);
insert into chat.messages (user_id, conversation_id, role, content)
select pg_temp.id('d701'), pg_temp.id('d712'), 'user', 'text ' || n from generate_series(1, 5) n;

set local role plinth_owner;
select is(core.erase_deleted_conversations(0), 0, 'a job that may do nothing does nothing');
select is(core.erase_deleted_conversations(3), 3, 'of the one that waits longest, as many messages as it may');
reset role;
select is(array(select m.content from chat.messages m where m.user_id = pg_temp.id('d701') order by m.id),
          '{"text 1","text 2"}', 'the newest first');
set local role plinth_owner;
select is(core.erase_deleted_conversations(3), 3, 'then the others, and the conversation');
reset role;
select is(array(select right(c.id::text, 4) from chat.conversations c where c.user_id = pg_temp.id('d701') order by 1),
          '{d711,d713,d714}', 'it is gone');
select is((select count(*) from chat.messages m where m.user_id = pg_temp.id('d701')), 0::bigint, 'with its messages');
set local role plinth_owner;
select is(core.erase_deleted_conversations(1000), 1, 'then the next');
select is(core.erase_deleted_conversations(1000), 0, 'what can still be restored stays, and what is not deleted');
reset role;
select is(count(*), 1::bigint, 'it runs by itself') from http.jobs j where j.name = 'core.erase_deleted_conversations';
set session authorization plinth_web;
select throws_ok('select core.erase_deleted_conversations(1)', '42501', null, 'the layer runs it as a job only');
reset session authorization;

select * from finish();
rollback;
