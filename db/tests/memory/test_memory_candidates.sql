-- core.memory_candidates: of each kind of list the best, of one user and scope, whatever holds.
begin;
select plan(23);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_memory_candidates', 2) $$, 'a model');

select is(pg_get_function_arguments('core.memory_candidates'::regproc),
  'p_user_id uuid, p_words tsquery[], p_model memory.embedding_models, p_embedding ext.vector, '
  'p_conversation_id uuid, p_kind text, p_metadata jsonb, p_at timestamp with time zone, '
  'p_weights double precision[], p_half_life double precision, p_most integer', 'arguments');
select is(pg_get_function_result('core.memory_candidates'::regproc),
  'uuid[]', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'core.memory_candidates'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'core.memory_candidates'::regproc;
select is(p.proowner::regrole::text, 'plinth_system', 'owner') from pg_proc p
 where p.oid = 'core.memory_candidates'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan,'
                       'enable_sort=on,enable_incremental_sort=on}', 'settings') from pg_proc p
 where p.oid = 'core.memory_candidates'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.memory_candidates'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b301', 'tap_memory_candidates_anna', 'tap_memory_candidates_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001b302', 'tap_memory_candidates_ben', 'tap_memory_candidates_ben@example.org');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000001b301', '019e0000-0000-7000-8000-00000001b311'),
  ('019e0000-0000-7000-8000-00000001b301', '019e0000-0000-7000-8000-00000001b312');
insert into memory.semantic_memories (user_id, id, content, kind, importance, conversation_id, valid_from)
select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.content,
       m.kind, m.importance, ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid, now() - m.age
  from (values
    ('b301', 'b321', 'newest',          'fact',  0.1, null,   interval '1 day'),
    ('b301', 'b322', 'important',       'fact',  1.0, null,   '9 days'),
    ('b301', 'b323', 'word',            'fact',  0.2, null,   '8 days'),
    ('b301', 'b324', 'word bird',      'fact',  0.2, null,   '8 days'),
    ('b301', 'b325', 'near',            'fact',  0.2, null,   '8 days'),
    ('b301', 'b326', 'far',             'fact',  0.2, null,   '8 days'),
    ('b301', 'b327', 'word bird gone', 'fact',  1.0, null,   '0 days'),
    ('b301', 'b328', 'of this plot',   'fact',  0.1, 'b311', '5 days'),
    ('b301', 'b329', 'an event',        'event', 0.2, null,   '7 days'),
    ('b302', 'b330', 'word bird of Ben', 'fact', 1.0, null,  '0 days'),
    ('b301', 'b331', 'bird',            'fact',  0.2, null,   '2 days'),
    ('b301', 'b332', 'filler that matters', 'fact', 0.2, null, '200 days'),
    ('b301', 'b333', 'its end',         'fact',  0.1, 'b311', '1 day'),
    ('b301', 'b334', 'twist of this plot', 'fact', 0.9, 'b311', '20 days'),
    ('b301', 'b335', 'its moral',       'fact',  1.0, 'b311', '9 days'),
    ('b301', 'b336', 'near its end',    'fact',  0.1, 'b311', '30 days'))
    as m (who, id, content, kind, importance, conversation, age);
-- So many that a word which two have is rare.
insert into memory.semantic_memories (user_id, content, importance, valid_from)
select '019e0000-0000-7000-8000-00000001b301', 'filler ' || n, 0, now() - interval '100 days' - n * interval '1 day'
  from generate_series(1, 80) n;
-- In another conversation all is better and every word is frequent.
insert into memory.semantic_memories (user_id, content, importance, conversation_id, metadata)
select '019e0000-0000-7000-8000-00000001b301', 'elsewhere word bird filler plot', 1, '019e0000-0000-7000-8000-00000001b312',
       '{"place": "sea"}'
  from generate_series(1, 40) n;
update memory.semantic_memories m set metadata = '{"place": "sea"}' where m.content = 'word' or m.content ~ '^filler [78]0$';
select lives_ok($$ select api.upsert_embeddings('019e0000-0000-7000-8000-00000001b301', '{near,far,gone,end}',
  array['[1,0]', '[0,1]', '[1,0]', '[1,0.1]']::ext.vector[], 'tap_memory_candidates',
  p_memory_ids => '{019e0000-0000-7000-8000-00000001b325,019e0000-0000-7000-8000-00000001b326,
                    019e0000-0000-7000-8000-00000001b327,019e0000-0000-7000-8000-00000001b336}') $$, 'vectors');
update memory.semantic_memories m set valid_to = now() where m.content = 'word bird gone';

create function pg_temp.chosen(p_words tsquery[] default '{}', p_embedding ext.vector default null,
                               p_conversation uuid default null, p_kind text default null, p_most integer default 1,
                               p_metadata jsonb default null)
returns text[]
language sql volatile
as $$
  select array(select m.content from unnest(core.memory_candidates('019e0000-0000-7000-8000-00000001b301', p_words, k, p_embedding,
                 p_conversation, p_kind, p_metadata, now(),
                 '{1,0.25,0.25}', 30, p_most)) c
                 join memory.semantic_memories m on m.id = c order by 1)
    from memory.embedding_models k where k.name = 'tap_memory_candidates'
$$;
select is(pg_temp.chosen(), '{important,newest}', 'the newest, and what matters most');
select is(pg_temp.chosen('{word,bird}'), '{important,newest,"word bird"}', 'the best by rare words');
select is(pg_temp.chosen('{word}', p_most => 2) @> '{word,"word bird"}', true, 'all that have one');
select is(pg_temp.chosen('{filler}'), '{"filler 1",important,newest}', 'of a frequent word the newest');
select is(pg_temp.chosen(p_embedding => '[1,0.1]'), '{far,important,near,newest}',
          'the nearest that hold, though another that does not is as near');
select is(pg_temp.chosen(p_conversation => '019e0000-0000-7000-8000-00000001b311'), '{important,"its end","its moral",newest}',
          'in a conversation also its own');
select is(pg_temp.chosen('{plot}', null, '019e0000-0000-7000-8000-00000001b311') @> '{"of this plot"}', true,
          'a word is frequent or rare by conversation');
select is(pg_temp.chosen('{}', '[1,0.1]', '019e0000-0000-7000-8000-00000001b311') @> '{near,"near its end"}', true,
          'the nearest of the conversation as well, though others lie farther');
select is_empty($$ select c from unnest(pg_temp.chosen('{word,bird,filler}', p_most => 200)) c
                    where c ~ 'plot|elsewhere|its' $$, 'none of a conversation that is not named');
select is_empty($$ select c from unnest(pg_temp.chosen('{word,plot,filler}', '[1,0]', '019e0000-0000-7000-8000-00000001b311',
                                                       p_most => 200)) c where c ~ 'elsewhere' $$, 'nor of another one');
select is(pg_temp.chosen('{word,bird}', p_metadata => '{"place": "sea"}'), '{word}',
          'of metadata: the best by rare words');
select is(pg_temp.chosen('{filler}', p_metadata => '{"place": "sea"}', p_kind => 'fact'), '{"filler 70",word}',
          'and the newest by frequent ones');
select is(pg_temp.chosen('{event}', '[0,1]', p_kind => 'event'), '{"an event"}', 'of a kind');
set session authorization plinth_web;
select throws_ok($$ select pg_temp.chosen() $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
