-- core.require_conversation: a conversation of the user, or NF001.
begin;
select plan(8);

select is(pg_get_function_arguments('core.require_conversation'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_lock boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('core.require_conversation'::regproc), 'chat.conversations', 'result');
select volatility_is('core', 'require_conversation', array['uuid', 'uuid', 'boolean'], 'volatile');

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000c001', 'tap_require_anna', 'tap_require_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000c002', 'tap_require_ben', 'tap_require_ben@example.org');
insert into chat.conversations (user_id, id, title, status) values
  ('019e0000-0000-7000-8000-00000000c001', '019e0000-0000-7000-8000-00000000c011', 'here', 'archived'),
  ('019e0000-0000-7000-8000-00000000c001', '019e0000-0000-7000-8000-00000000c012', 'gone', 'deleted');

set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-00000000c001';
select is((core.require_conversation('019e0000-0000-7000-8000-00000000c001', '019e0000-0000-7000-8000-00000000c011')).title,
          'here', 'one''s own');
select is((core.require_conversation('019e0000-0000-7000-8000-00000000c001', '019e0000-0000-7000-8000-00000000c011',
                                     true)).title, 'here', 'locked');
select throws_ok(
  $$ select core.require_conversation('019e0000-0000-7000-8000-00000000c001', '019e0000-0000-7000-8000-00000000c012') $$,
  'NF001', 'There is no such conversation', 'a deleted one is missing');
select throws_ok(
  $$ select core.require_conversation('019e0000-0000-7000-8000-00000000c002', '019e0000-0000-7000-8000-00000000c011', true) $$,
  'NF001', 'There is no such conversation', 'so is another user''s');
select throws_ok($$ select core.require_conversation('019e0000-0000-7000-8000-00000000c001', null) $$,
  'NF001', 'There is no such conversation', 'and none');

select * from finish();
rollback;
