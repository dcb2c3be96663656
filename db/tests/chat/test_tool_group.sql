-- core.tool_group: the call of a tool and all its results go together, on the main line and on a branch.
begin;
select plan(17);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole, p.proconfig),
          'p_user_id uuid, p_message_id uuid, p_chain uuid[], p_junction uuid SETOF uuid s f plinth_owner '
          '{"search_path=pg_catalog, pg_temp"}',
          'arguments, result, volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.tool_group'::regproc;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values (pg_temp.id('c7001'), 'tap_tool_group', 'tap_tool_group@example.org');
insert into chat.conversations (user_id, id) values (pg_temp.id('c7001'), pg_temp.id('c7010'));
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content, tool_calls)
select pg_temp.id('c7001'), pg_temp.id('c7' || m.id), pg_temp.id('c7010'), pg_temp.id('c7' || m.parent), m.role, m.id, m.calls
  from (values ('101', null, 'user', null), ('102', null, 'assistant', '[{}, {}]'::jsonb), ('103', null, 'tool', null),
               ('104', '101', 'assistant', '[{}]'), ('105', '104', 'tool', null), ('106', '105', 'assistant', null),
               ('107', null, 'tool', null), ('108', null, 'assistant', null), ('109', null, 'assistant', '[{}]'))
       as m (id, parent, role, calls);

-- Without a branch, the way goes along the main line to its end.
create function pg_temp.together(p_id text, p_chain text[] default '{109}', p_junction text default '109')
returns text[] language sql as $$
  select array(select right(g::text, 3)
                 from core.tool_group(pg_temp.id('c7001'), pg_temp.id('c7' || p_id),
                                      array(select pg_temp.id('c7' || c) from unnest(p_chain) c),
                                      pg_temp.id('c7' || p_junction)) g order by g)
$$;
set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-0000000c7001';
select is(pg_temp.together('101'), '{101}', 'what is no call is alone');
select is(pg_temp.together('102'), '{102,103,107}', 'a call and its results, past what is on a branch');
select is(pg_temp.together('103'), '{102,103,107}', 'a result');
select is(pg_temp.together('107'), '{102,103,107}', 'another');
select is(pg_temp.together('109'), '{109}', 'a call without a result yet');
select is(pg_temp.together('104', '{106,105,104,101}', '101'), '{104,105}', 'a call on a branch');
select is(pg_temp.together('105', '{106,105,104,101}', '101'), '{104,105}', 'its result');
select is(pg_temp.together('106', '{106,105,104,101}', '101'), '{106}', 'what follows is alone');
select is(pg_temp.together('104', '{106,105,104}', null), '{104,105}', 'of a branch that was not followed to the main line');
select is(pg_temp.together('102', '{103}', '103'), '{102,103}', 'what is behind the leaf is not part');
reset role;
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content)
values (pg_temp.id('c7001'), pg_temp.id('c7110'), pg_temp.id('c7010'), pg_temp.id('c7103'), 'tool', '110'),
       (pg_temp.id('c7001'), pg_temp.id('c7111'), pg_temp.id('c7010'), pg_temp.id('c7110'), 'user', '111');
set local role plinth_owner;
select is(pg_temp.together('102', '{111,110,103}', '103'), '{102,103,110}',
          'of a call on the main line, the results on the branch, and none that follow beside it');
select is(pg_temp.together('110', '{111,110,103}', '103'), '{102,103,110}', 'the same from its result on the branch');
select is(pg_temp.together('111', '{111,110,103}', '103'), '{111}', 'what follows on the branch is alone');
reset role;

-- What was said in another conversation at the same time.
insert into chat.conversations (user_id, id) values (pg_temp.id('c7001'), pg_temp.id('c7020'));
insert into chat.messages (user_id, id, conversation_id, role, content, tool_calls)
select pg_temp.id('c7001'), pg_temp.id('c7' || m.id), pg_temp.id('c70' || m.place), m.role, m.id, m.calls
  from (values ('201', '10', 'user', null), ('202', '20', 'tool', null), ('203', '10', 'assistant', '[{}]'::jsonb),
               ('204', '20', 'user', null), ('205', '10', 'tool', null), ('206', '20', 'assistant', null),
               ('207', '10', 'tool', null), ('208', '20', 'tool', null), ('209', '10', 'user', null))
       as m (id, place, role, calls);
set local role plinth_owner;
select is(pg_temp.together('203', '{209}', '209'), '{203,205,207}', 'is no part of it');
select is(pg_temp.together('205', '{209}', '209'), '{203,205,207}', 'nor an end of it');
reset role;

set session authorization plinth_web;
select throws_ok($$ select core.tool_group(null, null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
