-- core.check_memory_filter: scope, conversation and metadata that make sense together.
begin;
select plan(18);

select is(pg_get_function_arguments('core.check_memory_filter'::regproc),
  'p_user_id uuid, p_scope text, p_conversation_id uuid, p_metadata jsonb', 'arguments');
select is(pg_get_function_result('core.check_memory_filter'::regproc),
  'void', 'result');
select volatility_is('core', 'check_memory_filter', array['uuid', 'text', 'uuid', 'jsonb'], 'stable');
select isnt_definer('core', 'check_memory_filter', array['uuid', 'text', 'uuid', 'jsonb']);
select function_owner_is('core', 'check_memory_filter', array['uuid', 'text', 'uuid', 'jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.check_memory_filter'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_memory_filter'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b001', 'tap_check_memory_filter', 'tap_check_memory_filter@example.org');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000001b001', '019e0000-0000-7000-8000-00000001b011');
create function pg_temp.check(p_scope text, p_conversation text, p_metadata jsonb) returns void language sql volatile as $$
  select core.check_memory_filter('019e0000-0000-7000-8000-00000001b001', p_scope,
                                  ('019e0000-0000-7000-8000-00000001' || p_conversation)::uuid, p_metadata)
$$;
select lives_ok($$ select pg_temp.check(null, null, null) $$, 'nothing is named');
select lives_ok($$ select pg_temp.check('user', null, '{}') $$, 'what counts everywhere');
select lives_ok($$ select pg_temp.check('conversation', 'b011', '{"a": 1}') $$, 'what counts in one');
select lives_ok($$ select pg_temp.check(null, 'b011', null) $$, 'a conversation says the scope');
select throws_ok($$ select pg_temp.check('user', 'b011', null) $$, 'VL001',
                 'scope must be user, without a conversation_id, or conversation', 'both');
select throws_ok($$ select pg_temp.check('all', null, null) $$, 'VL001',
                 'scope must be user, without a conversation_id, or conversation', 'another scope');
select throws_ok($$ select pg_temp.check(null, null, '"x"') $$, 'VL001', 'metadata must be an object of at most 16 kB',
                 'metadata that is a text');
select lives_ok($$ select pg_temp.check(null, null, jsonb_build_object('a', repeat('b', 16375))) $$, 'as much as may be');
select throws_ok($$ select pg_temp.check(null, null, jsonb_build_object('a', repeat('b', 16376))) $$, 'VL001',
                 'metadata must be an object of at most 16 kB', 'and no more');
select throws_ok($$ select pg_temp.check(null, 'b012', null) $$, 'NF001', 'There is no such conversation', 'no conversation');
set session authorization plinth_web;
select throws_ok($$ select core.check_memory_filter(null, null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
