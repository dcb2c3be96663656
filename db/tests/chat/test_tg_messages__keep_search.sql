-- What a message is searched by follows its text and the language of its conversation, whoever writes.
begin;
select plan(23);

select function_returns('chat', 'search_config', array['text'], 'regconfig');
select volatility_is('chat', 'search_config', array['text'], 'stable');
select is(chat.search_config('german'), 'pg_catalog.german'::regconfig, 'a language');
select is(chat.search_config('Klingon'), 'pg_catalog.simple'::regconfig, 'an unknown one');
select is(chat.search_config(null), 'pg_catalog.simple'::regconfig, 'none');

select function_returns('chat', 'search_text', array['text'], 'text');
select volatility_is('chat', 'search_text', array['text'], 'immutable');
select is(tsvector_to_array(to_tsvector('simple', chat.search_text('List<String> <b>bold</b> numpy.array /etc/hosts'))),
          '{array,b,bold,etc,hosts,list,numpy,string}', 'names of code, tags and paths are their words');
select is(tsvector_to_array(to_tsvector('simple', chat.search_text('GPT-4 ~50 +49 -7 2024-12-05 R&D; well-known'))),
  '{05,12,2024,4,49,50,7,d,gpt,known,r,well}', 'signs before numbers, hyphens, what only looks like an entity');
select is(tsvector_to_array(to_tsvector('simple', chat.search_text('“Yes”—no… «oui» →go ✅done 😀ha ¿qué?'))),
          '{done,go,ha,no,oui,qué,yes}', 'signs are between words');
select is(tsvector_to_array(to_tsvector('simple', chat.search_text('Ärger naïve 数据库 हिन्दी ºª µ'))),
          '{naïve,µ,ºª,ärger,हिन्दी,数据库}', 'letters are not');

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000c701', 'tap_keep_search_anna', 'tap_keep_search_anna@example.org');
insert into chat.conversations (user_id, id, language) values
  ('019e0000-0000-7000-8000-00000000c701', '019e0000-0000-7000-8000-00000000c711', 'english'),
  ('019e0000-0000-7000-8000-00000000c701', '019e0000-0000-7000-8000-00000000c712', 'german'),
  ('019e0000-0000-7000-8000-00000000c701', '019e0000-0000-7000-8000-00000000c713', 'klingon');

create function pg_temp.words(p_id uuid) returns text language sql volatile as $$
  select m.search::text from chat.messages m where m.id = p_id
$$;

set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-00000000c701';

insert into chat.messages (user_id, id, conversation_id, role, content)
select '019e0000-0000-7000-8000-00000000c701', ('019e0000-0000-7000-8000-00000000c72' || n)::uuid,
       ('019e0000-0000-7000-8000-00000000c71' || n)::uuid, 'user', 'the houses die Häuser'
  from generate_series(1, 3) n;
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c721'), $$'die':3 'hous':2 'häuser':4$$, 'english');
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c722'), $$'haus':4 'hous':2 'the':1$$, 'german');
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c723'), $$'die':3 'houses':2 'häuser':4 'the':1$$,
          'what is no language is taken as it is written');

update chat.messages set content = 'Gardens' where id = '019e0000-0000-7000-8000-00000000c721';
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c721'), $$'garden':1$$, 'another text');
update chat.messages set pinned = true where id = '019e0000-0000-7000-8000-00000000c721';
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c721'), $$'garden':1$$, 'another mark');
update chat.messages set conversation_id = '019e0000-0000-7000-8000-00000000c712'
 where id = '019e0000-0000-7000-8000-00000000c721';
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c721'), $$'gard':1$$, 'another conversation, in its language');
update chat.messages set search = 'forged' where id = '019e0000-0000-7000-8000-00000000c721';
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c721'), $$'gard':1$$, 'nobody writes it by hand');

-- The longest texts there can be: many different words, words of four bytes, and one endless word.
select lives_ok($$ insert into chat.messages (user_id, id, conversation_id, role, content)
  select '019e0000-0000-7000-8000-00000000c701', '019e0000-0000-7000-8000-00000000c731',
         '019e0000-0000-7000-8000-00000000c711', 'user', left(string_agg(to_hex(n), ' '), 1000000)
    from generate_series(1048576, 1200000) n $$, 'a million characters, all words different');
select lives_ok($$ insert into chat.messages (user_id, id, conversation_id, role, content)
  select '019e0000-0000-7000-8000-00000000c701', '019e0000-0000-7000-8000-00000000c732',
         '019e0000-0000-7000-8000-00000000c711', 'user', string_agg(chr(131072 + n) || chr(131072 + n % 997), ' ')
    from generate_series(1, 40000) n $$, 'forty thousand words of four-byte letters');
select lives_ok($$ insert into chat.messages (user_id, id, conversation_id, role, content)
  select '019e0000-0000-7000-8000-00000000c701', '019e0000-0000-7000-8000-00000000c733',
         '019e0000-0000-7000-8000-00000000c711', 'user', repeat('x', 1000000) $$, 'one word without an end');
select lives_ok($$ insert into chat.messages (user_id, id, conversation_id, role, tool_calls)
  select '019e0000-0000-7000-8000-00000000c701', '019e0000-0000-7000-8000-00000000c734',
         '019e0000-0000-7000-8000-00000000c711', 'assistant', '[{}]' $$, 'no text at all');
select is(pg_temp.words('019e0000-0000-7000-8000-00000000c734'), '', 'has no words');

select * from finish();
rollback;
