-- api.get_embedding_progress: how far a model is with the texts of another one.
begin;
select plan(13);

select is(pg_get_function_arguments('api.get_embedding_progress'::regproc), 'p_name text, p_from text', 'arguments');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'strueplinth_system', 'stable, definer, owner')
  from pg_proc p where p.oid = 'api.get_embedding_progress'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_embedding_progress'::regproc;

\set anna 019e0000-0000-7000-8000-0000000e0701
\set ben 019e0000-0000-7000-8000-0000000e0702
insert into auth.users (id, username, email) values
  (:'anna', 'tap_progemb_anna', 'tap_progemb_anna@example.org'), (:'ben', 'tap_progemb_ben',
    'tap_progemb_ben@example.org');
delete from memory.embeddings;
set session authorization plinth_operator;
select results_eq($$ select * from get_embedding_progress('test-3-l2', 'test-3') $$,
  $$ values (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint) $$, 'nothing to do');
reset session authorization;
insert into memory.embeddings (user_id, model_id, content, embedding)
select u.id, m.id, n::text, '[1,2,3]'
  from (values (:'anna'::uuid, 'test-3', 5), (:'ben', 'test-3', 2), (:'anna', 'test-3-l2', 3), (:'ben', 'test-3-l2',
    4)) as u (id, model, rows)
  join memory.embedding_models m on m.name = u.model cross join lateral generate_series(1, u.rows) n;
set session authorization plinth_operator;
select results_eq($$ select * from get_embedding_progress('test-3-l2', 'test-3') $$,
  $$ values (7::bigint, 5::bigint, 2::bigint, 2::bigint, 1::bigint) $$, 'user by user, no more than there are');
select throws_ok($$ select get_embedding_progress('tap-none', 'test-3') $$, 'NF001',
  'There is no embedding model tap-none', 'no such model');
select throws_ok($$ select get_embedding_progress('test-3', null) $$, 'VL003', 'Name both models',
  'of which other one');
select throws_ok($$ select get_embedding_progress(null, 'test-3') $$, 'VL003', 'Name both models', 'which one');
select results_eq($$ select v.name, v.embeddings, v.users, v.index_bytes > 0 from v_embedding_models v where v.name ~
  '^test-[23]' order by v.name $$,
  $$ values ('test-2-bare', 0::bigint, 0::bigint, false), ('test-3', 7, 2, true), ('test-3-l2', 7, 2, true) $$,
    'the view counts the same');
reset session authorization;
delete from memory.embeddings e where e.user_id = :'ben';
set session authorization plinth_operator;
select is((select p.users from get_embedding_progress('test-3-l2', 'test-3') p), 1::bigint,
          'who has none any more is no user of it');
select is((select v.users from v_embedding_models v where v.name = 'test-3'), 1::bigint, 'nor in the view');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select throws_ok($$ select get_embedding_progress('test-3', 'test-3-l2') $$, 'NP001',
  'This needs the permission embeddings:manage',
                 'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select get_embedding_progress('test-3', 'test-3-l2') $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
