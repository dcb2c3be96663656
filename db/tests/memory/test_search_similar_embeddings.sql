-- api.search_similar_embeddings: k rows whenever k exist, nearest first, by index or one by one.
begin;
select plan(44);

select is(pg_get_function_arguments('api.search_similar_embeddings'::regproc),
  'p_user_id uuid, p_embedding ext.vector, p_model text DEFAULT NULL::text, p_exact boolean DEFAULT false, '
  'p_collection text DEFAULT NULL::text, p_kind text DEFAULT NULL::text, p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_metadata jsonb DEFAULT NULL::jsonb, p_min_score double precision DEFAULT NULL::double precision, '
  'p_ef_search integer DEFAULT NULL::integer, p_with_embedding boolean DEFAULT false, p_after text DEFAULT NULL::text, '
  'p_limit integer DEFAULT 10', 'arguments');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'strueplinth_system', 'stable, definer, owner')
  from pg_proc p where p.oid = 'api.search_similar_embeddings'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.search_similar_embeddings'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.search_similar_embeddings'::regproc;

\set anna 019e0000-0000-7000-8000-0000000e0501
\set ben 019e0000-0000-7000-8000-0000000e0502
insert into auth.users (id, username, email) values
  (:'anna', 'tap_simemb_anna', 'tap_simemb_anna@example.org'), (:'ben', 'tap_simemb_ben', 'tap_simemb_ben@example.org');
insert into chat.conversations (user_id, id) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0511'), (:'anna', '019e0000-0000-7000-8000-0000000e0512'),
  (:'ben', '019e0000-0000-7000-8000-0000000e0513');
insert into chat.messages (user_id, id, conversation_id, role, content)
select :'anna', ('019e0000-0000-7000-8000-0000000e052' || n)::uuid, ('019e0000-0000-7000-8000-0000000e051' ||
  n)::uuid, 'user',
       'message ' || n from generate_series(1, 2) n;
insert into memory.semantic_memories (user_id, id, content, valid_from) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0531', 'a memory', now() - interval '2 h');
insert into memory.embeddings (user_id, id, model_id, message_id, memory_id, conversation_id, collection, content,
  metadata, embedding)
select t.user_id::uuid, ('019e0000-0000-7000-8000-0000000e05' || t.id)::uuid, m.id, t.message_id::uuid,
  t.memory_id::uuid,
       t.conversation_id::uuid, t.collection, t.id, t.metadata::jsonb, t.embedding::ext.vector
  from (values
    (:'anna', 'a1', null, null, null, '', '{"a": 1}', '[1,0,0]'), (:'anna', 'a2', null, null, null, 'notes',
      '{"a": 2}', '[1,1,0]'),
    (:'anna', 'a3', '019e0000-0000-7000-8000-0000000e0521', null, '019e0000-0000-7000-8000-0000000e0511', '', '{}',
      '[1,2,0]'),
    (:'anna', 'a4', '019e0000-0000-7000-8000-0000000e0522', null, '019e0000-0000-7000-8000-0000000e0512', '', '{}',
      '[0,1,0]'),
    (:'anna', 'a5', null, '019e0000-0000-7000-8000-0000000e0531', null, '', '{}', '[-1,1,0]'),
    (:'anna', 'a7', null, null, null, '', '{}', '[-1,0,0]'), (:'anna', 'a6', null, null, null, 'notes', '{}',
      '[-2,0,0]'),
    (:'ben', 'b1', null, null, null, 'notes', '{"a": 1}', '[1,0,0]'))
    as t (user_id, id, message_id, memory_id, conversation_id, collection, metadata, embedding)
  join memory.embedding_models m on m.name = 'test-3';
insert into memory.embeddings (user_id, model_id, content, embedding)
select :'anna', m.id, n::text, format('[%s,0,0]', n)::ext.vector
  from memory.embedding_models m cross join generate_series(1, 4) n where m.name = 'test-3-l2';
insert into memory.embeddings (user_id, model_id, content, half_embedding)
select :'anna', m.id, n::text, format('[%s,0,0,0]', n)::ext.halfvec
  from memory.embedding_models m cross join generate_series(1, 4) n where m.name = 'test-4-half';

create function pg_temp.found(variadic p_arguments text[] default '{}') returns text[] language plpgsql as $$
declare
  v_found text[];
begin
  execute format('select array_agg(s.content) from search_similar_embeddings(%L, ''[1,0,0]''%s) s',
                 '019e0000-0000-7000-8000-0000000e0501', (select string_agg(', ' || a, '') from unnest(p_arguments) a))
    into v_found;
  return v_found;
end $$;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select is(pg_temp.found(), '{a1,a2,a3,a4,a5,a6,a7}', 'nearest first, what is as far by id; nobody else''s');
select results_eq(
  $$ select s.content, s.distance::numeric(5,3), s.score::numeric(5,3), s.model, s.way, s.embedding
       from search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]', p_limit => 2) s $$,
  $$ values ('a1', 0.000, 1.000, 'test-3', 'exact', null::real[]), ('a2', 0.293, 0.707, 'test-3', 'exact', null) $$,
  'how far, how near, how it was found');
select is(pg_temp.found('p_collection => ''notes'''), '{a2,a6}', 'in a collection');
select is(pg_temp.found('p_kind => ''message'''), '{a3,a4}', 'of messages');
select is(pg_temp.found('p_kind => ''memory'''), '{a5}', 'of memories');
select is(pg_temp.found('p_kind => ''text'''), '{a1,a2,a6,a7}', 'of neither');
select is(pg_temp.found('p_metadata => ''{"a": 2}'''), '{a2}', 'by what metadata contain');
select is(pg_temp.found('p_conversation_id => ''019e0000-0000-7000-8000-0000000e0512'''), '{a4}', 'in a conversation');
select is(pg_temp.found('p_min_score => 0.4'), '{a1,a2,a3}', 'near enough');
select is(pg_temp.found('p_limit => 2', 'p_after => (select s.cursor from search_similar_embeddings('
  '''019e0000-0000-7000-8000-0000000e0501'', ''[1,0,0]'', p_limit => 6) s offset 5)'), '{a7}',
    'page by page, also among equals');
select is((select s.embedding from search_similar_embeddings(:'anna', '[1,0,0]', p_with_embedding => true, p_limit =>
  1) s),
          '{1,0,0}', 'with its vector where it is asked for');
select results_eq(
  $$ select s.content, s.distance, s.score from search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501',
    '[2,0,0]',
       'test-3-l2', p_limit => 2) s $$,
  $$ values ('2', 0::double precision, 1::double precision), ('1', 1, 0.5) $$, 'by distance');
select results_eq(
  $$ select s.content, s.distance, s.score from search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501',
    '[2,0,0,0]',
       'test-4-half', p_limit => 2) s $$,
  $$ values ('4', -8::double precision, 8::double precision), ('3', -6, 6) $$,
    'by inner product, of two bytes a number');
reset session authorization;

-- What is hidden elsewhere is hidden here.
update chat.conversations set status = 'deleted' where user_id = :'anna' and id =
  '019e0000-0000-7000-8000-0000000e0512';
update memory.semantic_memories set expires_at = now() where user_id = :'anna' and id =
  '019e0000-0000-7000-8000-0000000e0531';
set session authorization plinth_web;
select is(pg_temp.found(), '{a1,a2,a3,a6,a7}', 'not what hangs on a deleted conversation or an expired memory');

select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0]') $$, 'VL001',
  'embedding must have 3 numbers, as test-3 makes them, not 2', 'another length');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1e-30,0,0]') $$, 'VL001',
  'embedding must have a norm from 1e-15 to 1e15', 'one that no distance can be measured from');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', null) $$, 'VL003',
  'embedding is missing', 'no vector');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]', 'tap-none')
  $$, 'NF001',
  'There is no embedding model tap-none', 'no such model');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]',
  p_conversation_id => '019e0000-0000-7000-8000-0000000e0513') $$, 'NF001', 'There is no such conversation',
    'another user''s');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]', p_kind => 'x')
  $$, 'VL001',
  'kind must be message, memory or text', 'no such kind');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]', p_limit => 0)
  $$, 'VL001',
  'limit must be from 1 to 1,000', 'no row');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]', p_ef_search =>
  0) $$, 'VL001',
  'ef_search must be from 1 to 1,000', 'no candidate');
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]', p_after =>
  '1,x') $$, 'VL001',
  'after must be the "next" of an earlier answer', 'no such place');
select throws_ok(format($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]', p_after =>
  %L) $$, n || ',019e0000-0000-7000-8000-0000000e0501'), 'VL001', 'after must be the "next" of an earlier answer',
  'nor one at no number: ' || n) from unnest('{-,1e400,1.2.3}'::text[]) n;
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0502', '[1,0,0]') $$, 'NP001',
  null,
  'not another user''s');
reset session authorization;

-- A user with many rows, by the index: as many as were asked for, and the right ones.
insert into memory.embeddings (user_id, model_id, collection, content, metadata, embedding)
select :'anna', m.id, 'many', 'many ' || n, jsonb_build_object('n', n % 150, 'half', n % 2),
       format('[%s,%s,%s]', sin(n), cos(n * 0.7), sin(n * 0.3 + 1))::ext.vector
  from memory.embedding_models m cross join generate_series(1, 3000) n where m.name = 'test-3';
analyze memory.embeddings;
select sum(gin_clean_pending_list(i.indexrelid))
  from memory.embedding_models m
  join pg_index i on i.indrelid = to_regclass(format('memory.embeddings_%s', m.id))
  join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
 where m.name = 'test-3' and a.amname = 'gin' \g /dev/null
select set_config('plinth.caller', :'anna', true);
-- How often an index was asked in this transaction: what really ran, and not what a plan says.
create function pg_temp.asked(p_method text) returns bigint language sql as $$
  select sum(pg_stat_get_xact_numscans(i.indexrelid))::bigint
    from memory.embedding_models m
    join pg_index i on i.indrelid = to_regclass(format('memory.embeddings_%s', m.id))
    join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
   where m.name = 'test-3' and a.amname = p_method
$$;
create temp table asked as
  select 1 as n, 'before' as what, pg_temp.asked('hnsw') as hnsw, pg_temp.asked('gin') as gin;
select count(*) from search_similar_embeddings(:'anna', '[1,2,3]') \g /dev/null
insert into asked select 2, 'all', pg_temp.asked('hnsw'), pg_temp.asked('gin');
select count(*) from search_similar_embeddings(:'anna', '[1,2,3]', p_metadata => '{"half": 1}', p_ef_search => 40) \g /dev/null
insert into asked select 3, 'half', pg_temp.asked('hnsw'), pg_temp.asked('gin');
-- Three thousand small rows are read as fast one after another; what counts is that no policy forbids the index.
set local enable_seqscan = off;
select count(*) from search_similar_embeddings(:'anna', '[1,2,3]', p_metadata => '{"n": 7}') \g /dev/null
reset enable_seqscan;
insert into asked select 4, 'few', pg_temp.asked('hnsw'), pg_temp.asked('gin');
select count(*) from search_similar_embeddings(:'anna', '[1,2,3]', p_exact => true) \g /dev/null
insert into asked select 5, 'exact', pg_temp.asked('hnsw'), pg_temp.asked('gin');
select results_eq(
  $$ select a.what, a.hnsw - lag(a.hnsw) over (order by a.n), a.gin - lag(a.gin) over (order by a.n) from asked a
      order by a.n offset 1 $$,
  $$ values ('all', 1::bigint, 0::bigint), ('half', 1, 0), ('few', 0, 1), ('exact', 0, 0) $$,
  'each way is what really ran: the index of the vectors once, that of metadata where few rows fit, or neither');

create temp table near as
  select s.*, 'all' as what from search_similar_embeddings(:'anna', '[1,2,3]', p_limit => 50) s union all
  select s.*, 'all, exact' from search_similar_embeddings(:'anna', '[1,2,3]', p_exact => true, p_limit => 50) s union
    all
  select s.*, 'half' from search_similar_embeddings(:'anna', '[1,2,3]', p_metadata => '{"half": 1}', p_ef_search => 50,
    p_limit => 50) s
    union all
  select s.*, 'half, exact' from search_similar_embeddings(:'anna', '[1,2,3]', p_metadata => '{"half": 1}', p_exact =>
    true, p_limit => 50) s union all
  select s.*, 'few' from search_similar_embeddings(:'anna', '[1,2,3]', p_metadata => '{"n": 7}', p_limit => 50) s
    union all
  select s.*, 'paged' from search_similar_embeddings(:'anna', '[1,2,3]', p_limit => 25,
    p_after => (select x.cursor from search_similar_embeddings(:'anna', '[1,2,3]', p_limit => 25) x offset 24)) s;
select is((select array_agg(distinct n.way) from near n where n.what in ('all', 'half')), '{index}',
  'the index is asked');
select is((select array_agg(distinct n.way) from near n where n.what in ('all, exact', 'few')), '{exact}',
          'not where exact is asked for, nor where few rows fit');
select is((select count(*) from near n where n.what = 'all'), 50::bigint, 'it brings as many as were asked for');
select ok((select count(*) from near n join near x using (id) where n.what = 'all' and x.what = 'all, exact') >= 48,
          'and nearly all of the nearest');
select ok((select count(*) from near n join near x using (id) where n.what = 'half' and x.what = 'half, exact') >= 48
          and (select count(*) from near n where n.what = 'half') = 50, 'also where half of the rows fit');
select is((select count(*) from near n where n.what = 'few'), 20::bigint, 'all there are, where fewer fit');
select ok((select count(*) from near n join near x using (id) where n.what = 'paged' and x.what = 'all') >= 23,
  'page by page');
-- The nearest 25 are more than the candidates, and not wanted: the index goes on (with pgvector 0.8). Nothing else is
-- left out.
update chat.conversations c set status = 'active' where c.user_id = :'anna' and c.status = 'deleted';
update memory.semantic_memories m set expires_at = null where m.user_id = :'anna';
create temp table later as
  select s.*, 'page' as what from search_similar_embeddings(:'anna', '[1,2,3]', p_ef_search => 20,
    p_after => (select n.cursor from near n where n.what = 'all, exact' order by n.distance, n.id offset 24 limit 1)) s;
update memory.embeddings e set collection = 'near' where e.user_id = :'anna' and e.id in (
  select n.id from near n where n.what = 'all, exact' order by n.distance limit 25);
insert into later
  select s.*, 'filter' from search_similar_embeddings(:'anna', '[1,2,3]', p_ef_search => 20, p_collection => 'many') s;
update memory.embeddings e set collection = 'many' where e.user_id = :'anna' and e.collection = 'near';
select results_eq($$ select l.what, l.way, count(*) from later l group by 1, 2 order by 1, 2 $$,
  $$ select w.what, case when current_setting('hnsw.iterative_scan', true) is null then 'exact' else 'index' end, 10::bigint
       from (values ('filter'), ('page')) w (what) $$, 'also behind all candidates by the index');
-- Half of the rows fit, and few of them are near: the index would go through all the others first.
update memory.embeddings e set metadata = '{"away": true}'
 where e.user_id = :'anna' and e.collection = 'many'
   and (e.embedding operator(ext.<=>) '[1,2,3]' > 1
        or e.id in (select n.id from near n where n.what = 'all, exact' order by n.distance limit 5));
select results_eq(
  $$ select s.way, count(distinct s.id) from search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,2,3]',
       p_metadata => '{"away": true}', p_ef_search => 40, p_limit => 50) s group by s.way $$,
  $$ values ('exact', 50::bigint) $$, 'what the index does not find is compared after all, and comes once');
insert into near
  select s.*, 'away' from search_similar_embeddings(:'anna', '[1,2,3]', p_metadata => '{"away": true}', p_ef_search => 40) s;
select set_eq(
  $$ select n.way from near n where n.what = 'away' union
     select s.way from near n
      cross join lateral search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,2,3]',
        p_metadata => '{"away": true}', p_ef_search => 40, p_after => n.cursor) s
      where n.cursor = (select x.cursor from near x where x.what = 'away' order by x.distance desc, x.id desc limit 1) $$,
  '{exact}'::text[], 'on every page');
select is(current_setting('enable_sort'), 'on', 'what was set for the search is as before');
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok($$ select search_similar_embeddings('019e0000-0000-7000-8000-0000000e0501', '[1,0,0]') $$, 'UN001',
  'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
