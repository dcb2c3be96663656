-- core.rebuild_search: a conversation in another language is found by the words of that one, and nothing else changes.
begin;
select plan(20);

select function_returns('core', 'rebuild_search', array['integer'], 'integer');
select volatility_is('core', 'rebuild_search', array['integer'], 'volatile');
select is_definer('core', 'rebuild_search', array['integer']);
select function_owner_is('core', 'rebuild_search', array['integer'], 'plinth_system');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
          'who may call it') from pg_proc p where p.oid = 'core.rebuild_search'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000c881', 'tap_rebuild_anna', 'tap_rebuild_anna@example.org');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000000c881', '019e0000-0000-7000-8000-00000000c891'),
  ('019e0000-0000-7000-8000-00000000c881', '019e0000-0000-7000-8000-00000000c892');
create function pg_temp.german() returns bigint language sql volatile as $$
  select count(*) from chat.messages m where m.search @@ 'haus'
$$;
set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-00000000c881';
insert into chat.messages (user_id, conversation_id, role, content)
select '019e0000-0000-7000-8000-00000000c881', '019e0000-0000-7000-8000-00000000c891', 'user', 'viele Häuser ' || n
  from generate_series(1, 25) n;

select is(core.rebuild_search(1000), 0, 'nothing to do');
update chat.conversations set language = 'german' where id = '019e0000-0000-7000-8000-00000000c892';
select is(core.rebuild_search(1000), 0, 'a conversation without messages');
update chat.conversations set title = 'Häuser' where id = '019e0000-0000-7000-8000-00000000c891';
select is(core.rebuild_search(1000), 0, 'another title');

update chat.conversations set language = 'german' where id = '019e0000-0000-7000-8000-00000000c891';
select is(pg_temp.german(), 0::bigint, 'later');
select is(core.rebuild_search(10), 10, 'no more than it may');
select is(pg_temp.german(), 10::bigint, 'the first ones');
update chat.conversations set language = 'simple' where id = '019e0000-0000-7000-8000-00000000c891';
update chat.conversations set language = 'german' where id = '019e0000-0000-7000-8000-00000000c891';
select is(core.rebuild_search(20) + core.rebuild_search(20) + core.rebuild_search(20), 25, 'changed meanwhile: all of them');
select is(pg_temp.german(), 25::bigint, 'the whole conversation');
select ok(bool_and(m.version = 1 and m.updated_at < clock_timestamp() and m.edited_at is null), 'nothing else has changed')
  from chat.messages m;
select is((select count(*) from chat.search_rebuilds), 0::bigint, 'and nothing is left to do');

-- Memories that count in the conversation are read with its messages, in one order.
update chat.conversations set language = 'simple' where id = '019e0000-0000-7000-8000-00000000c892';
insert into memory.semantic_memories (user_id, conversation_id, content) values
  ('019e0000-0000-7000-8000-00000000c881', '019e0000-0000-7000-8000-00000000c892', 'viele Häuser'),
  ('019e0000-0000-7000-8000-00000000c881', null, 'viele Häuser');
update chat.conversations set language = 'german' where id = '019e0000-0000-7000-8000-00000000c892';
select is(core.rebuild_search(1000), 1, 'the memory of a conversation');
select is(array(select m.conversation_id is not null from memory.semantic_memories m where m.search @@ 'haus'), '{t}',
          'is found by the words of its language');
select is((select max(m.version) from memory.semantic_memories m), 1, 'and has not changed');

-- Two conversations that are changed at a time, and whose texts were written by turns.
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000000c881', '019e0000-0000-7000-8000-00000000c893'),
  ('019e0000-0000-7000-8000-00000000c881', '019e0000-0000-7000-8000-00000000c894');
do $$ begin
  for n in 1 .. 3 loop
    insert into chat.messages (user_id, conversation_id, role, content)
    select c.user_id, c.id, 'user', 'viele Häuser' from chat.conversations c
     where c.id in ('019e0000-0000-7000-8000-00000000c893', '019e0000-0000-7000-8000-00000000c894');
    insert into memory.semantic_memories (user_id, conversation_id, content)
    select c.user_id, c.id, 'viele Häuser' from chat.conversations c
     where c.id in ('019e0000-0000-7000-8000-00000000c893', '019e0000-0000-7000-8000-00000000c894');
  end loop;
end $$;
update chat.conversations set language = 'german'
 where id in ('019e0000-0000-7000-8000-00000000c893', '019e0000-0000-7000-8000-00000000c894');
select is(array(select core.rebuild_search(4) from generate_series(1, 4)), '{4,4,4,0}', 'four at a time, and none twice');
select is((select count(*) from chat.messages m where m.search @@ 'haus')
          + (select count(*) from memory.semantic_memories m where m.search @@ 'haus'), 25 + 1 + 12::bigint, 'until all are done');

select * from finish();
rollback;
