-- core.branch_ids: from a message up to the main line.
begin;
select plan(5);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

insert into auth.users (id, username, email) values
  (pg_temp.id('e001'), 'tap_branch_anna', 'tap_branch_anna@example.org');
insert into chat.conversations (user_id, id) values (pg_temp.id('e001'), pg_temp.id('e011'));
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content) values
  (pg_temp.id('e001'), pg_temp.id('e021'), pg_temp.id('e011'), null, 'user', 'a'),
  (pg_temp.id('e001'), pg_temp.id('e022'), pg_temp.id('e011'), null, 'user', 'b'),
  (pg_temp.id('e001'), pg_temp.id('e023'), pg_temp.id('e011'), pg_temp.id('e022'), 'user', 'c'),
  (pg_temp.id('e001'), pg_temp.id('e024'), pg_temp.id('e011'), pg_temp.id('e023'), 'user', 'd');
set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-00000000e001';
select results_eq($$ select right(b.id::text, 2), b.on_main_line from core.branch_ids(pg_temp.id('e001'), pg_temp.id('e024')) b $$,
                  $$ values ('24', false), ('23', false), ('22', true) $$, 'newest first, up to the main line');
select results_eq($$ select right(b.id::text, 2) from core.branch_ids(pg_temp.id('e001'), pg_temp.id('e024'), 2) b $$,
                  $$ values ('24'), ('23') $$, 'so deep and no deeper');
select results_eq($$ select right(b.id::text, 2), b.on_main_line from core.branch_ids(pg_temp.id('e001'), pg_temp.id('e021')) b $$,
                  $$ values ('21', true) $$, 'on the main line it is itself');
select is_empty($$ select core.branch_ids(pg_temp.id('e001'), pg_temp.id('e029')) $$, 'no message, no way');
select throws_ok($$ update chat.messages set parent_id = pg_temp.id('e024') where id = pg_temp.id('e022') $$,
  '23514', null,
                 'a parent is older, so there is no circle');

select * from finish();
rollback;
