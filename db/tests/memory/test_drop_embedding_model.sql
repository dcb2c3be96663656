-- api.drop_embedding_model: a model goes with all its vectors.
begin;
select plan(16);

select is(pg_get_function_arguments('api.drop_embedding_model'::regproc), 'p_name text, p_rows bigint', 'arguments');
select is(pg_get_function_result('api.drop_embedding_model'::regproc), 'TABLE(dropped bigint)', 'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'vtrueplinth_owner', 'volatile, definer, owner')
  from pg_proc p where p.oid = 'api.drop_embedding_model'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.drop_embedding_model'::regproc;

set session authorization plinth_operator;
select throws_ok($$ select drop_embedding_model('tap-none', 0) $$, 'NF001', 'There is no embedding model tap-none',
  'no model');
select throws_ok($$ select drop_embedding_model('test-3', 0) $$, 'KC007',
  'It is the default model: make another the default first', 'not the default');
reset session authorization;

insert into memory.embeddings (user_id, model_id, content, embedding)
select '01900000-0000-7000-8000-000000000005', m.id, 'tap_drop ' || n, '[1,2,3]'
  from memory.embedding_models m cross join generate_series(1, 3) n where m.name in ('test-3', 'test-3-l2');
set session authorization plinth_operator;
select throws_ok($$ select drop_embedding_model('test-3-l2', 2) $$, 'KC002', 'The model has 3 rows, not 2',
                 'only who knows how much it is');
select throws_ok($$ select drop_embedding_model('test-3-l2', null) $$, 'VL003', 'Say how many rows it has',
  'and says so');
select is((select d.dropped from drop_embedding_model('test-3-l2', 3) d), 3::bigint,
  'it goes, and says how many rows went');
select throws_ok($$ select drop_embedding_model('test-3-l2', 0) $$, 'NF001',
                 'There is no embedding model test-3-l2', 'and is no more');
select is((select count(*) from memory.embedding_models m where m.name = 'test-3-l2'), 0::bigint, 'nor its name');
select isnt_empty($$ select from memory.embedding_models m where m.name = 'test-3' $$, 'other models are');
reset session authorization;
select is((select count(*) from memory.embeddings e where e.content ~ '^tap_drop'), 3::bigint,
  'those of another model stay');
select is((select count(*) from memory.embedding_counts c where c.model_id not in (select m.id from
  memory.embedding_models m)),
          0::bigint, 'its counts are gone');

select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
set session authorization plinth_web;
select throws_ok($$ select drop_embedding_model('test-3', 0) $$, 'NP001', 'This needs the permission embeddings:manage',
                 'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select drop_embedding_model('test-3', 0) $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
