-- core.recall_words: the words that say something, as the language reduces them or as they stand.
begin;
select plan(15);

select is(pg_get_function_arguments('core.recall_words'::regproc),
  'p_text text, p_config regconfig', 'arguments');
select is(pg_get_function_result('core.recall_words'::regproc),
  'tsquery[]', 'result');
select volatility_is('core', 'recall_words', array['text', 'regconfig'], 'stable');
select isnt_definer('core', 'recall_words', array['text', 'regconfig']);
select function_owner_is('core', 'recall_words', array['text', 'regconfig'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.recall_words'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.recall_words'::regproc;

select is(core.recall_words('Where do the Cats live? cats!', 'english')::text[], $${"'cat' | 'cats'",'live'}$$,
          'words without sense are left out, each comes once');
select is(core.recall_words('Where do the Cats live?', 'simple')::text[], $${'where','do','the','cats','live'}$$,
          'in no language all say something');
select is(core.recall_words('the of and', 'english'), '{}', 'nothing is left');
select is(core.recall_words('', 'english'), '{}', 'nothing');
select is(core.recall_words(null, 'english'), '{}', 'null');
select is(core.recall_words('a & b | !c:* <-> ''d', 'simple')::text[], $${'a','b','c','d'}$$, 'operators are none');
select is(cardinality(core.recall_words((select string_agg('word' || n, ' ') from generate_series(1, 100) n), 'english')), 32,
          'the first 32');
set session authorization plinth_web;
select throws_ok($$ select core.recall_words('x', 'simple') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
