-- api.list_memories: what is true, what was, whose scope it is; page by page, through the indexes.
begin;
select plan(31);

select is(pg_get_function_arguments('api.list_memories'::regproc),
  'p_user_id uuid, p_scope text DEFAULT NULL::text, p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_kind text DEFAULT NULL::text, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_as_of timestamp with time zone DEFAULT NULL::timestamp with time zone, p_closed boolean DEFAULT false, '
  'p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_memories'::regproc),
  'TABLE(id uuid, conversation_id uuid, kind text, content text, importance double precision, metadata jsonb, '
  'valid_from timestamp with time zone, valid_to timestamp with time zone, supersedes uuid, '
  'expires_at timestamp with time zone, qdrant_collection text, qdrant_point_id text, recall_count bigint, '
  'last_recalled_at timestamp with time zone, created_at timestamp with time zone, '
  'updated_at timestamp with time zone, version integer, cursor text)', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'api.list_memories'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'api.list_memories'::regproc;
select is(p.proowner::regrole::text, 'plinth_system', 'owner') from pg_proc p
 where p.oid = 'api.list_memories'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan,'
                       'enable_sort=on}', 'settings') from pg_proc p
 where p.oid = 'api.list_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a501', 'tap_list_memories_anna', 'tap_list_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a502', 'tap_list_memories_ben', 'tap_list_memories_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000001a501
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-00000001a511', 'active'),
  (:'anna', '019e0000-0000-7000-8000-00000001a512', 'deleted'),
  ('019e0000-0000-7000-8000-00000001a502', '019e0000-0000-7000-8000-00000001a513', 'active');
insert into memory.semantic_memories
  (user_id, id, content, kind, conversation_id, metadata, valid_from, valid_to, supersedes, expires_at)
select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.id, m.kind,
       ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid, m.metadata::jsonb, m.valid_from::timestamptz,
       m.valid_to::timestamptz, ('019e0000-0000-7000-8000-00000001' || m.supersedes)::uuid, m.expires_at
  from (values
    ('a501', 'a521', 'fact',       null,   '{"topic": "home", "tags": ["a"]}', '2019-01-01', '2020-01-01', null, null),
    ('a501', 'a522', 'fact',       null,   '{"topic": "home", "tags": ["a", "b"]}', '2020-01-01', null, 'a521', null),
    ('a501', 'a523', 'preference', null,   '{"topic": "tea"}', '2020-06-01', null, null, now() + interval '1 h'),
    ('a501', 'a524', 'fact',       null,   '{"topic": "home"}', '2020-06-01', null, null, now()),
    ('a501', 'a525', 'fact',       'a511', '{"topic": "home"}', '2020-06-01', null, null, null),
    ('a501', 'a526', 'fact',       'a512', '{"topic": "home"}', '2020-06-01', null, null, null),
    ('a501', 'a527', 'fact',       null,   '{"topic": "trip"}', '2999-01-01', null, null, null),
    ('a502', 'a528', 'fact',       null,   '{"topic": "home"}', '2019-01-01', null, null, null))
    as m (who, id, kind, conversation, metadata, valid_from, valid_to, supersedes, expires_at);

create function pg_temp.listed(p_choice jsonb default '{}', p_after text default null, p_limit integer default 50)
returns text[]
language sql volatile
as $$
  select array_agg(right(m.id::text, 4) order by m.n)
    from (select l.id, row_number() over () as n
            from jsonb_to_record(p_choice) as c (scope text, conversation_id uuid, kind text, metadata jsonb, as_of timestamptz,
                                                 closed boolean)
           cross join lateral api.list_memories('019e0000-0000-7000-8000-00000001a501', c.scope, c.conversation_id, c.kind,
                                                c.metadata, c.as_of, c.closed, p_after, p_limit) l) m
$$;

set session authorization plinth_operator;
select is(pg_temp.listed(), '{a525,a523,a522}',
          'what is true now, newest first; not what expired or lies in a deleted conversation');
select is(pg_temp.listed('{"as_of": "2019-06-01"}'), '{a521}', 'what was true then');
select is(pg_temp.listed('{"as_of": "2020-01-01"}'), '{a522}', 'where one ends the next begins');
select is(pg_temp.listed('{"as_of": "2018-01-01"}'), null, 'before there was anything');
select is(pg_temp.listed('{"as_of": "2999-06-01"}'), '{a527,a525,a523,a522}', 'and what will be');
select is(pg_temp.listed('{"closed": true}'), '{a527,a525,a523,a522,a521}', 'closed ones, too, and those to come');
select is(pg_temp.listed('{"scope": "user"}'), '{a523,a522}', 'what counts everywhere');
select is(pg_temp.listed('{"scope": "conversation"}'), '{a525}', 'what counts in one conversation');
select is(pg_temp.listed('{"conversation_id": "019e0000-0000-7000-8000-00000001a511"}'), '{a525}', 'in this one');
select is(pg_temp.listed('{"kind": "preference"}'), '{a523}', 'of a kind');
select is(pg_temp.listed('{"metadata": {"topic": "home"}}'), '{a525,a522}', 'whose metadata say so');
select is(pg_temp.listed('{"metadata": {"tags": ["b"]}, "kind": "fact"}'), '{a522}', 'filters add up');
select is(pg_temp.listed('{}', null, 2), '{a525,a523}', 'a page');
select is(pg_temp.listed('{}', '019e0000-0000-7000-8000-00000001a523', 2), '{a522}', 'the next one');
select is(l.cursor, l.id::text, 'the cursor is the id')
  from api.list_memories('019e0000-0000-7000-8000-00000001a501', p_limit => 1) l;

select throws_ok($$ select pg_temp.listed('{"scope": "team"}') $$, 'VL001',
                 'scope must be user, without a conversation_id, or conversation', 'another scope');
select throws_ok($$ select pg_temp.listed('{"metadata": ["a"]}') $$, 'VL001', 'metadata must be an object of at most 16 kB',
                 'metadata that is a list');
select throws_ok($$ select pg_temp.listed('{"as_of": "2020-01-01", "closed": true}') $$, 'VL001',
                 'as_of must be a moment, and excludes closed', 'then, and all');
select throws_ok($$ select pg_temp.listed('{"as_of": "infinity"}') $$, 'VL001',
                 'as_of must be a moment, and excludes closed', 'at no moment');
select throws_ok($$ select pg_temp.listed('{}', 'x') $$, 'VL001', 'after must be the "next" of an earlier answer', 'no place');
select throws_ok($$ select pg_temp.listed('{"conversation_id": "019e0000-0000-7000-8000-00000001a512"}') $$, 'NF001',
                 'There is no such conversation', 'a deleted conversation');
select throws_ok($$ select pg_temp.listed('{"conversation_id": "019e0000-0000-7000-8000-00000001a513"}') $$, 'NF001',
                 'There is no such conversation', 'another user''s, in the same words');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.list_memories('019e0000-0000-7000-8000-00000001a501') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.list_memories('019e0000-0000-7000-8000-00000001a501') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
