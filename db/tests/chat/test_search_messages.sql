-- api.search_messages: the caller's messages with the words asked for, ranked or by time, page by page.
begin;
select plan(60);

select is(pg_get_function_arguments('api.search_messages'::regproc),
  'p_user_id uuid, p_query text, p_limit integer DEFAULT 50, p_after text DEFAULT NULL::text, p_mode text DEFAULT ''web''::text, '
  'p_sort text DEFAULT ''rank''::text, p_conversation_id uuid DEFAULT NULL::uuid, p_role text DEFAULT NULL::text, '
  'p_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_to timestamp with time zone DEFAULT NULL::timestamp with time zone, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_archived boolean DEFAULT true, p_language text DEFAULT NULL::text, p_correct boolean DEFAULT true, '
  'p_highlight text DEFAULT ''html''::text', 'arguments');
select is(pg_get_function_result('api.search_messages'::regproc),
  'TABLE(id uuid, conversation_id uuid, conversation_title text, role text, content text, highlight text, metadata jsonb, '
  'created_at timestamp with time zone, edited_at timestamp with time zone, rank real, ranked integer, searched text, '
  'corrected boolean, cursor text)', 'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'strueplinth_owner', 'stable, definer, owner')
  from pg_proc p where p.oid = 'api.search_messages'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.search_messages'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.search_messages'::regproc;

\set anna 019e0000-0000-7000-8000-00000000c861
\set ben 019e0000-0000-7000-8000-00000000c862
insert into auth.users (id, username, email) values
  (:'anna', 'tap_search_anna', 'tap_search_anna@example.org'), (:'ben', 'tap_search_ben', 'tap_search_ben@example.org');
insert into chat.conversations (user_id, id, title, status, language) values
  (:'anna', '019e0000-0000-7000-8000-00000000c871', 'Work', 'active', 'english'),
  (:'anna', '019e0000-0000-7000-8000-00000000c872', 'Alt', 'archived', 'german'),
  (:'anna', '019e0000-0000-7000-8000-00000000c873', 'Gone', 'deleted', 'english'),
  (:'ben', '019e0000-0000-7000-8000-00000000c874', 'His', 'active', 'english');
set local role plinth_owner;
select set_config('plinth.caller', :'ben', true);
insert into chat.messages (user_id, conversation_id, role, content)
values (:'ben', '019e0000-0000-7000-8000-00000000c874', 'user', 'my own secret index of vectors');
select set_config('plinth.caller', :'anna', true);
insert into chat.messages (user_id, id, conversation_id, role, content, metadata, created_at)
select m.owner::uuid, base.id_at(m.at::timestamptz), ('019e0000-0000-7000-8000-00000000c87' || m.talk)::uuid, m.role, m.content,
       m.metadata::jsonb, m.at::timestamptz
  from (values
    (:'anna', 1, 'user',      '2020-01-01', 'one: How do databases index vectors?', '{"topic": "db"}'),
    (:'anna', 1, 'assistant', '2020-01-02', 'two: A database keeps an index. The index is a tree; index pages are its leaves.',
     '{"topic": "db", "n": 2}'),
    (:'anna', 1, 'user',      '2020-01-03', 'three: <b>Trees</b> & "leaves" of the vector search', '{}'),
    (:'anna', 1, 'tool',      '2020-01-04', 'four: vector machine learning', '{"topic": "ml"}'),
    (:'anna', 2, 'user',      '2020-01-05', 'five: Die Häuser haben einen Index', '{}'),
    (:'anna', 3, 'user',      '2020-01-06', 'six: a deleted index of vectors', '{}'))
    as m (owner, talk, role, at, content, metadata);
select set_config('plinth.caller', '', true);
reset role;

-- The first words of what is found, in order.
create function pg_temp.found(p_query text, p_sort text default 'time', p_limit integer default 50, p_after text default null,
                              p_mode text default 'web', p_conversation uuid default null, p_role text default null,
                              p_from timestamptz default null, p_to timestamptz default null, p_metadata jsonb default null,
                              p_archived boolean default true, p_language text default null, p_correct boolean default true)
returns text language sql volatile as $$
  select string_agg(split_part(f.content, ':', 1), ' ' order by f.ordinality)
    from api.search_messages('019e0000-0000-7000-8000-00000000c861', p_query, p_limit, p_after, p_mode, p_sort,
                             p_conversation, p_role, p_from, p_to, p_metadata, p_archived, p_language, p_correct)
         with ordinality f
$$;
create function pg_temp.pages(p_query text, p_sort text, p_size integer) returns text language plpgsql volatile as $$
declare
  v_after text;
  v_page  text;
  v_all   text[] := '{}';
begin
  loop
    select string_agg(split_part(f.content, ':', 1), ' ' order by f.n), (array_agg(f.cursor order by f.n desc))[1]
      into v_page, v_after
      from (select l.*, row_number() over () as n
              from api.search_messages('019e0000-0000-7000-8000-00000000c861', p_query, p_size, v_after, p_sort => p_sort) l) f;
    exit when v_page is null;
    v_all := v_all || v_page;
  end loop;
  return array_to_string(v_all, ' | ');
end
$$;
create function pg_temp.refused(p_rest text) returns text language sql as $$
  select format('select api.search_messages(%L, %s)', '019e0000-0000-7000-8000-00000000c861', p_rest)
$$;
set local client_min_messages = warning;

set session authorization plinth_web;
select throws_ok(pg_temp.refused($$'index'$$), 'UN001', 'Nobody is signed in', 'nobody is signed in');
select set_config('plinth.caller', :'anna', true);
select throws_ok($$ select api.search_messages('019e0000-0000-7000-8000-00000000c862', 'index') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');

-- What is found.
select is(pg_temp.found('index'), 'five two one', 'by time, newest first; of no deleted conversation, of nobody else');
select is(pg_temp.found('index', 'rank'), 'two five one', 'by rank: who says it most, then in fewer words');
select is(pg_temp.found('database index'), 'two one', 'all words');
select is(pg_temp.found('"vector search"'), 'three', 'a phrase');
select is(pg_temp.found('vector -search'), 'four one', 'without a word');
select is(pg_temp.found('machine or tree'), 'four three two', 'either');
select is(pg_temp.found('DATABASES'), 'two one', 'any form of it');
select is(pg_temp.found('secret'), null, 'another user''s message is not there');
select is(pg_temp.found('index', p_archived => false), 'two one', 'without archived ones');
select is(pg_temp.found('index', p_conversation => '019e0000-0000-7000-8000-00000000c872'), 'five', 'of a conversation');
select is(pg_temp.found('vector', p_role => 'tool'), 'four', 'of a role');
select is(pg_temp.found('index', p_from => '2020-01-02', p_to => '2020-01-05'), 'two', 'from included, to not');
select is(pg_temp.found('index', p_from => '-infinity', p_to => 'infinity'), 'five two one', 'times without an end');
select is(pg_temp.found('index', p_metadata => '{"topic": "db"}'), 'two one', 'with metadata');
select is(pg_temp.found('Häusern'), null, 'a word of another language');
select is(pg_temp.found('Häusern', p_language => 'german'), 'five', 'in its language');
select is(pg_temp.found('Häusern', p_conversation => '019e0000-0000-7000-8000-00000000c872'), 'five',
          'which is that of the conversation');
select is(pg_temp.found('häuser', p_language => 'simple'), null, 'as it stands it is not in the index of that language');
select is(pg_temp.found('the'), null, 'a stop word finds nothing');
select is(pg_temp.found('" - | &'), null, 'nor do operators');

-- How words are taken.
select is(pg_temp.found('vector mach', p_mode => 'prefix'), 'four', 'a beginning');
select is(pg_temp.found('vector mach', p_correct => false), null, 'is no word');
select is(pg_temp.found('machnie'), 'four', 'a slip is put right');
select is(pg_temp.found('machnie', p_correct => false), null, 'unless that is not wanted');
select is(pg_temp.found('machnie -learning'), null, 'what is left out stays left out');
select is(pg_temp.found('mashines', p_mode => 'fuzzy'), 'four', 'similar words');
select is(pg_temp.found('secrte'), null, 'never another user''s');
select results_eq($$ select f.corrected, f.searched from api.search_messages('019e0000-0000-7000-8000-00000000c861', 'vectro mach',
                                                                           p_mode => 'prefix') f $$,
  $$ values (true, '''mach'':* & ( ''vectro'' | ''vector'' )') $$, 'what was searched for is told');

-- Its answer.
select results_eq($$ select f.conversation_title, f.role, f.highlight, f.metadata, f.created_at, f.ranked, f.corrected
                       from api.search_messages('019e0000-0000-7000-8000-00000000c861', 'leaves tree', 1) f $$,
  $$ values ('Work', 'user', 'three: &lt;b&gt;<mark>Trees</mark>&lt;/b&gt; &amp; &quot;<mark>leaves</mark>&quot; '
                             'of the vector search',
             '{}'::jsonb, timestamptz '2020-01-03', 2, false) $$, 'a hit whole');
select is((select f.highlight from api.search_messages(:'anna', 'learning', p_highlight => 'text') f),
          'four: vector machine **learning**', 'as text');
select is((select f.highlight from api.search_messages(:'anna', 'learning', p_highlight => 'none') f), null, 'without');

-- Page by page.
select is(pg_temp.pages('index', 'rank', 2), 'two five | one', 'by rank');
select is(pg_temp.pages('index', 'time', 2), 'five two | one', 'by time');
select is(pg_temp.pages('indxe', 'time', 1), 'five | two | one', 'what was corrected stays so');

-- What is changed, shows.
reset session authorization;
set local role plinth_owner;
update chat.messages set content = 'two: nothing of it' where user_id = :'anna' and content like 'two:%';
delete from chat.messages where user_id = :'anna' and content like 'one:%';
select is(pg_temp.found('index'), 'five', 'an edited and a removed message');
update chat.conversations set status = 'deleted' where user_id = :'anna' and id = '019e0000-0000-7000-8000-00000000c872';
select is(pg_temp.found('index'), null, 'a deleted conversation');
update chat.conversations set status = 'active' where user_id = :'anna' and id = '019e0000-0000-7000-8000-00000000c872';
select is(pg_temp.found('index'), 'five', 'and restored');
reset role;

-- What is refused.
set session authorization plinth_web;
select throws_ok(pg_temp.refused($$''$$), 'VL001', 'query must have 1 to 1,000 characters', 'query');
select throws_ok(pg_temp.refused($$null$$), 'VL001', 'query must have 1 to 1,000 characters', 'no query');
select throws_ok(pg_temp.refused($$'x', p_mode => 'wild'$$), 'VL001', 'mode must be web, prefix or fuzzy', 'mode');
select throws_ok(pg_temp.refused($$'x', p_sort => null$$), 'VL001', 'sort must be rank or time', 'sort');
select throws_ok(pg_temp.refused($$'x', p_role => 'bot'$$), 'VL001', 'role must be system, user, assistant or tool', 'role');
select throws_ok(pg_temp.refused($$'x', p_metadata => '[]'$$),
                 'VL001', 'metadata must be an object of at most 16,384 bytes', 'metadata');
select throws_ok(pg_temp.refused($$'x', p_language => 'klingon'$$),
                 'VL001', 'language must be a text search configuration, such as english, german or simple', 'language');
select is_empty(pg_temp.refused($$'index', p_from => 'infinity'$$), 'nothing is from the end of time');
select is_empty(pg_temp.refused($$'index', p_to => '-infinity'$$), 'nor from before its beginning');
select throws_ok(pg_temp.refused($$'x', p_highlight => 'bold'$$), 'VL001', 'highlight must be html, text or none', 'highlight');
select throws_ok(pg_temp.refused($$'x', 0$$), 'VL001', 'limit must be from 1 to 1,000', 'limit');
select throws_ok(pg_temp.refused($$'x', 9, '0~1e999~x~y'$$),
                 'VL001', 'after must be the "next" of an earlier answer', 'a place that is none');
select throws_ok(pg_temp.refused($$'x', p_conversation_id => '019e0000-0000-7000-8000-00000000c874'$$),
                 'NF001', 'There is no such conversation', 'another user''s conversation');
select throws_ok(pg_temp.refused($$'x', p_conversation_id => '019e0000-0000-7000-8000-00000000c873'$$),
                 'NF001', 'There is no such conversation', 'a deleted one');
select throws_ok(pg_temp.refused($$'x', p_conversation_id => '019e0000-0000-7000-8000-00000000c879'$$),
                 'NF001', 'There is no such conversation', 'none');
reset session authorization;

set session authorization plinth_reader;
select throws_ok(pg_temp.refused($$'x'$$), '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
