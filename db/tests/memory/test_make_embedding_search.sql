-- core.make_embedding_search: each model has a search of its own, which models.nearest finds.
begin;
select plan(15);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;

select is(pg_get_function_arguments('core.make_embedding_search'::regproc), 'p_model memory.embedding_models', 'arguments');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'vfalseplinth_owner', 'volatile, as its caller')
  from pg_proc p where p.oid = 'core.make_embedding_search'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
          format('%s is for those who make models', p.proname))
  from pg_proc p where p.oid in ('core.make_embedding_search'::regproc, 'core.make_nearest_embeddings'::regproc)
 order by p.proname;

set session authorization plinth_operator;
select create_embedding_model('tap-near', 2), create_embedding_model('tap-near-half', 2, p_storage => 'halfvec');
reset session authorization;
select m.id as near from memory.embedding_models m where m.name = 'tap-near' \gset
select m.id as half from memory.embedding_models m where m.name = 'tap-near-half' \gset

select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'sfalseplinth_owner',
          format('%s reads as its caller', p.proname))
  from pg_proc p
 where p.oid in ('models.nearest'::regproc, format('models.nearest_%s', :near)::regproc)
 order by p.proname;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
          format('%s is for those who say whose rows they are', p.proname))
  from pg_proc p
 where p.oid in ('models.nearest'::regproc, format('models.nearest_%s', :near)::regproc)
 order by p.proname;
select is((select count(*) from pg_proc p
            where p.pronamespace = 'models'::regnamespace and obj_description(p.oid, 'pg_proc') is null), 0::bigint,
          'each says what it is');

insert into memory.embeddings (user_id, model_id, content, embedding, half_embedding)
select '01900000-0000-7000-8000-000000000005', m.id, 'tap ' || n,
       case m.id when :near then format('[%s,1]', n)::ext.vector end, case m.id when :half then format('[%s,1]', n)::ext.halfvec end
  from memory.embedding_models m cross join generate_series(1, 3) n where m.id in (:near, :half);
create function pg_temp.near(p_name text) returns text[] language sql as $$
  select array_agg(n.content order by n.distance) from memory.embedding_models m
   cross join lateral models.nearest('01900000-0000-7000-8000-000000000005', m, '[1,1]', 2) n
   where m.name = p_name
$$;
set session authorization plinth_system;
select is(pg_temp.near('tap-near'), '{"tap 1","tap 2"}', 'of vectors');
select is(pg_temp.near('tap-near-half'), '{"tap 1","tap 2"}', 'of those of two bytes a number');
reset session authorization;

-- As a deploy does whose text is another.
select core.make_embedding_search(m) from memory.embedding_models m where m.id = :near;
select is(pg_temp.near('tap-near'), '{"tap 1","tap 2"}', 'made anew it is there but once');

insert into memory.embedding_models (name, dimensions) values ('tap-near-none', 2);
select throws_ok($$ select pg_temp.near('tap-near-none') $$, 'NF001', 'There is no such embedding model',
                 'a model without rows of its own');

set session authorization plinth_operator;
select drop_embedding_model('tap-near', 3);
reset session authorization;
select is(to_regproc(format('models.nearest_%s', :near))::text, null, 'it goes with its model');
select unalike(p.prosrc, format('%%nearest_%s(%%', :near), 'and is asked no more')
  from pg_proc p where p.oid = 'models.nearest'::regproc;

select * from finish();
rollback;
