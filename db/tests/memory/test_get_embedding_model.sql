-- api.get_embedding_model: one model, and how its index is.
begin;
select plan(7);

select is(pg_get_function_arguments('api.get_embedding_model'::regproc), 'p_user_id uuid, p_name text', 'arguments');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'strueplinth_owner', 'stable, definer, owner')
  from pg_proc p where p.oid = 'api.get_embedding_model'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_embedding_model'::regproc;

select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
set session authorization plinth_web;
select results_eq(
  $$ select m.name, m.dimensions, m.index_state, m.hnsw_ef_search
       from get_embedding_model('01900000-0000-7000-8000-000000000005', 'test-4-half') m $$,
  $$ values ('test-4-half', 4, 'ready', 100) $$, 'the model');
select throws_ok($$ select get_embedding_model('01900000-0000-7000-8000-000000000005', 'tap-none') $$,
                 'NF001', 'There is no embedding model tap-none', 'no model');
select throws_ok($$ select get_embedding_model('01900000-0000-7000-8000-000000000005', null) $$,
                 'NF001', 'There is no embedding model ', 'no name');
select set_config('plinth.caller', '', true);
select throws_ok($$ select get_embedding_model('01900000-0000-7000-8000-000000000005', 'test-3') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
