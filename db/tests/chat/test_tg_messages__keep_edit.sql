-- chat.tg_messages__keep_edit: the text a message had is kept, whoever changes it.
begin;
select plan(5);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

insert into auth.users (id, username, email) values
  (pg_temp.id('e301'), 'tap_keep_edit_anna', 'tap_keep_edit_anna@example.org');
insert into chat.conversations (user_id, id) values (pg_temp.id('e301'), pg_temp.id('e311'));
insert into chat.messages (user_id, id, conversation_id, role, content, created_at) values
  (pg_temp.id('e301'), pg_temp.id('e321'), pg_temp.id('e311'), 'user', 'one', '2026-01-01'),
  (pg_temp.id('e301'), pg_temp.id('e322'), pg_temp.id('e311'), 'user', 'two', '2026-01-02');
select is(p.proowner::regrole::text, 'plinth_system', 'it is kept whoever writes')
  from pg_proc p where p.oid = 'chat.tg_messages__keep_edit'::regproc;
update chat.messages m set content = m.content || '!' where m.user_id = pg_temp.id('e301');
select results_eq(
  $$ select e.content, e.version, e.written_at from chat.message_edits e where e.user_id = pg_temp.id('e301') order by 1 $$,
  $$ values ('one', 1, timestamptz '2026-01-01'), ('two', 1, '2026-01-02') $$, 'a text, its version, since when');
update chat.messages m set content = 'three' where m.id = pg_temp.id('e322');
select is(e.written_at, m.written_at, 'the next one is of when it was written')
  from chat.message_edits e, (select max(x.edited_at) as written_at from chat.message_edits x
                               where x.message_id = pg_temp.id('e322') and x.version = 1) m
 where e.message_id = pg_temp.id('e322') and e.version = 2;
update chat.messages m set content = m.content, metadata = '{"a": 1}' where m.user_id = pg_temp.id('e301');
select is(count(*), 3::bigint, 'what stays as it was is no edit')
  from chat.message_edits e where e.user_id = pg_temp.id('e301');
select is(count(*), 0::bigint, 'one that was never edited says so') from chat.messages m
 where m.user_id = pg_temp.id('e301') and m.edited_at is null;

select * from finish();
rollback;
