-- api.list_embedding_models: the models there are, by name.
begin;
select plan(9);

select is(pg_get_function_arguments('api.list_embedding_models'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'strueplinth_owner', 'stable, definer, owner')
  from pg_proc p where p.oid = 'api.list_embedding_models'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_embedding_models'::regproc;

select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
set session authorization plinth_web;
select results_eq(
  $$ select m.name, m.dimensions, m.metric, m.storage, m.index_state, m.is_default, m.cursor
       from list_embedding_models('01900000-0000-7000-8000-000000000005') m where m.name ~ '^test-' $$,
  $$ values ('test-2-bare', 2, 'cosine', 'vector', 'none', false, 'test-2-bare'),
            ('test-3', 3, 'cosine', 'vector', 'ready', true, 'test-3'),
            ('test-3-l2', 3, 'l2', 'vector', 'ready', false, 'test-3-l2'),
            ('test-4-half', 4, 'inner_product', 'halfvec', 'ready', false, 'test-4-half') $$, 'by name');
select results_eq(
  $$ select m.name from list_embedding_models('01900000-0000-7000-8000-000000000005', 'test-3', 1) m $$,
  array['test-3-l2'], 'page by page');
select throws_ok($$ select list_embedding_models('01900000-0000-7000-8000-000000000006') $$, 'NP001', null,
  'not as another user');
select set_config('plinth.caller', '', true);
select throws_ok($$ select list_embedding_models('01900000-0000-7000-8000-000000000005') $$, 'UN001',
  'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
select throws_ok($$ select list_embedding_models(null) $$, 'VL003', 'Name the user to act for', 'no user');
set session authorization plinth_reader;
select throws_ok($$ select list_embedding_models('01900000-0000-7000-8000-000000000005') $$, '42501', null,
  'a reader may not');
reset session authorization;

select * from finish();
rollback;
