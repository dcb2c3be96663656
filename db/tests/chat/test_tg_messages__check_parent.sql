-- chat.tg_messages__check_parent: a parent is in the same conversation; and nothing points to what is gone.
begin;
select plan(7);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values
  (pg_temp.id('e401'), 'tap_parent_anna', 'tap_parent_anna@example.org'),
  (pg_temp.id('e402'), 'tap_parent_ben', 'tap_parent_ben@example.org');
insert into chat.conversations (user_id, id) values
  (pg_temp.id('e401'), pg_temp.id('e411')), (pg_temp.id('e401'), pg_temp.id('e412')), (pg_temp.id('e402'), pg_temp.id('e413'));
-- One statement: parents may come with their answers.
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content) values
  (pg_temp.id('e401'), pg_temp.id('e422'), pg_temp.id('e411'), pg_temp.id('e421'), 'user', 'b'),
  (pg_temp.id('e401'), pg_temp.id('e421'), pg_temp.id('e411'), null, 'user', 'a'),
  (pg_temp.id('e401'), pg_temp.id('e423'), pg_temp.id('e411'), pg_temp.id('e422'), 'user', 'c'),
  (pg_temp.id('e401'), pg_temp.id('e424'), pg_temp.id('e411'), pg_temp.id('e421'), 'user', 'd');
select is(count(*), 4::bigint, 'in one conversation') from chat.messages m where m.user_id = pg_temp.id('e401');
select throws_ok(
  $$ insert into chat.messages (user_id, conversation_id, parent_id, role, content)
     values (pg_temp.id('e401'), pg_temp.id('e412'), pg_temp.id('e421'), 'user', 'x') $$,
  'NF001', 'There is no such message in this conversation', 'not of another conversation');
select throws_ok(
  $$ insert into chat.messages (user_id, conversation_id, parent_id, role, content)
     values (pg_temp.id('e402'), pg_temp.id('e413'), pg_temp.id('e421'), 'user', 'x') $$,
  'NF001', 'There is no such message in this conversation', 'not of another user');
select throws_ok($$ update chat.messages m set parent_id = pg_temp.id('e420') where m.id = pg_temp.id('e424') $$,
  'NF001', 'There is no such message in this conversation', 'nor later');
select throws_ok($$ update chat.messages m set parent_id = pg_temp.id('e423') where m.id = pg_temp.id('e422') $$,
  '23514', null, 'a parent is older than its answers');

delete from chat.messages m where m.id in (pg_temp.id('e421'), pg_temp.id('e422'));
select is(string_agg(right(m.id::text, 2) || coalesce('<' || m.parent_id, ''), ' ' order by m.id), '23 24',
          'what is left of a deletion by hand goes to the main line')
  from chat.messages m where m.user_id = pg_temp.id('e401');
select is(c.message_count, 2::bigint, 'and is counted') from chat.conversations c where c.id = pg_temp.id('e411');

select * from finish();
rollback;
