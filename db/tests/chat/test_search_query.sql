-- core.search_query: what people type, as PostgreSQL searches for it, and what it refuses.
begin;
select plan(41);

select is(pg_get_function_arguments('core.search_query'::regproc),
  'p_query text, p_config regconfig, p_mode text DEFAULT ''web''::text', 'arguments');
select function_returns('core', 'search_query', array['text', 'regconfig', 'text'], 'tsquery');
select volatility_is('core', 'search_query', array['text', 'regconfig', 'text'], 'stable');
select isnt_definer('core', 'search_query', array['text', 'regconfig', 'text']);

create function pg_temp.made(p_query text, p_mode text default 'web', p_config regconfig default 'english') returns text
language sql as $$ select core.search_query(p_query, p_config, p_mode)::text $$;
set local client_min_messages = warning;  -- "contains only stop words"

select is(pg_temp.made('python database'), $$'python' & ( 'databas' | 'database' )$$, 'all words, as reduced and as they stand');
select is(pg_temp.made('"vector search"'), $$'vector' <-> 'search'$$, 'a phrase');
select is(pg_temp.made('"running fast"'), $$( 'run' | 'running' ) <-> 'fast'$$, 'a phrase of reduced words');
select is(pg_temp.made('cat -dogs'), $$'cat' & !( 'dog' | 'dogs' )$$, 'a word left out, in each form');
select is(pg_temp.made('cat or dog'), $$'cat' | 'dog'$$, 'either');
select is(pg_temp.made('the state of the art'), $$'state' & 'art'$$, 'stop words are not looked for');
select is(pg_temp.made('die Häuser', p_config => 'german'), $$'haus' | 'häuser'$$, 'another language');
select is(pg_temp.made('The Houses', p_config => 'simple'), $$'the' & 'houses'$$, 'none');
select is(pg_temp.made('List<String> numpy.array /etc/hosts', p_config => 'simple'),
  $$'list' & 'string' & 'numpy' & 'array' & 'etc' & 'hosts'$$, 'names of code and paths are their words');
select is(pg_temp.made('GPT-4 +49 ~50 R&D;', p_config => 'simple'), $$'gpt' <-> '4' & '49' & '50' & 'r' & 'd'$$,
  'a hyphen within a word holds it together; no sign becomes part of a number');
select is(pg_temp.made('"at -5 degrees"', p_config => 'simple'), $$'at' <-> '5' <-> 'degrees'$$,
  'nothing is left out of a phrase');
select is(pg_temp.made('up-to-date -well-known -"red-hot"', p_config => 'simple'),
  $$'up' <-> 'to' <-> 'date' & !( 'well' <-> 'known' ) & !( 'red' <-> 'hot' )$$, 'what is left out may have hyphens, too');
select is(pg_temp.made('"a red cat'), $$'red' <-> 'cat'$$, 'a phrase without an end');

select is(pg_temp.made('vector sea', 'prefix'), $$'vector' & 'sea':*$$, 'the last word as a beginning');
select is(pg_temp.made('gpt-4', 'prefix'), $$'gpt' & '4':*$$, 'behind a hyphen');
select is(pg_temp.made('on 2024-12-0', 'prefix', 'simple'), $$'on' & '2024' <-> '12' & '0':*$$, 'a date');
select is(pg_temp.made('databases', 'prefix'), $$'databas':* | 'databases':*$$, 'as reduced and as it stands');
select is(pg_temp.made('th', 'prefix'), $$'th':*$$, 'one beginning alone');
select is(pg_temp.made('the', 'prefix'), $$'the':*$$, 'a stop word may become another');
select is(pg_temp.made('cat or do', 'prefix'), $$'cat' | 'do':*$$, 'either, with a beginning');
select is(pg_temp.made('cat -dog', 'prefix'), $$'cat' & !'dog'$$, 'what is left out is no beginning');
select is(pg_temp.made('cat or', 'prefix'), $$'cat'$$, 'nor is the word or');
select is(pg_temp.made('cat ', 'prefix'), $$'cat'$$, 'a word that is finished');

select is(pg_temp.made('the'), '', 'only stop words: nothing to look for');
select is(pg_temp.made('" - or ( & | ! :* \ '' %'), '', 'only operators');
select is(pg_temp.made('''a'':* | !b'), pg_temp.made('a b'), 'no operator of PostgreSQL gets through');

select throws_ok($$ select core.search_query('', 'english') $$, 'VL001', 'query must have 1 to 1,000 characters', 'empty');
select throws_ok($$ select core.search_query(E' \n\t ', 'english') $$, 'VL001', 'query must have 1 to 1,000 characters', 'blank');
select throws_ok($$ select core.search_query(null, 'english') $$, 'VL001', 'query must have 1 to 1,000 characters', 'none');
select throws_ok($$ select core.search_query(repeat('word ', 2000), 'english') $$,
  'VL001', 'query must have 1 to 1,000 characters', 'ten thousand characters');
select throws_ok($$ select core.search_query(repeat('ab ', 33), 'english') $$,
  'VL001', 'query must have at most 32 words', 'thirty-three words');
select is(core.search_query('above' || chr(10) || repeat('-', 50) || chr(10) || 'below', 'simple'), '''above'' & ''below''',
          'a line of hyphens leaves nothing out');
select is(core.search_query(repeat('- ', 100) || 'fox', 'simple'), '''fox''', 'nor do hyphens by themselves');
select is(core.search_query(repeat('-(', 40) || 'fox', 'simple'), '''fox''', 'nor before other signs');
select lives_ok($$ select core.search_query('fox ' || repeat('-"', 200), 'simple') $$, 'nor before quotes around nothing');
select throws_ok($$ select core.search_query('-cat', 'english') $$,
  'VL001', 'query must have a word to find, not only words to leave out', 'only what is left out');
select throws_ok($$ select core.search_query('dog or -cat', 'english') $$,
  'VL001', 'query must have a word to find, not only words to leave out', 'or that');

select * from finish();
rollback;
