-- api.delete_memories: what a filter chooses, never by mistake all, never another user's.
begin;
select plan(29);

select is(pg_get_function_arguments('api.delete_memories'::regproc),
  'p_user_id uuid, p_scope text DEFAULT NULL::text, p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_kind text DEFAULT NULL::text, p_metadata jsonb DEFAULT NULL::jsonb, p_closed boolean DEFAULT NULL::boolean, '
  'p_created_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_all boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('api.delete_memories'::regproc),
  'TABLE(deleted integer, superseded integer, embeddings integer, qdrant_points jsonb, more boolean)', 'result');
select is(p.provolatile::text, 'v', 'volatile') from pg_proc p where p.oid = 'api.delete_memories'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'api.delete_memories'::regproc;
select is(p.proowner::regrole::text, 'plinth_system', 'owner') from pg_proc p
 where p.oid = 'api.delete_memories'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}', 'settings') from pg_proc p
 where p.oid = 'api.delete_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001aa01', 'tap_delete_memories_anna', 'tap_delete_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001aa02', 'tap_delete_memories_ben', 'tap_delete_memories_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000001aa01
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-00000001aa11', 'active'), (:'anna', '019e0000-0000-7000-8000-00000001aa12', 'deleted');
create function pg_temp.fill() returns void language sql as $$
  delete from memory.semantic_memories m where m.user_id::text like '019e0000-0000-7000-8000-00000001aa0_';
  insert into memory.semantic_memories
    (user_id, id, content, kind, conversation_id, metadata, valid_from, valid_to, supersedes, expires_at, created_at)
  select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.id, m.kind,
         ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid, m.metadata::jsonb, '2020-01-01', m.valid_to::timestamptz,
         ('019e0000-0000-7000-8000-00000001' || m.supersedes)::uuid, m.expires_at, m.created_at
    from (values
      ('aa01', 'aa21', 'fact',       null,   '{"topic": "home"}', '2021-01-01', null, null, now()),
      ('aa01', 'aa22', 'fact',       null,   '{"topic": "home"}', null, 'aa21', null, now()),
      ('aa01', 'aa23', 'preference', null,   '{"topic": "tea"}', null, null, null, now()),
      ('aa01', 'aa24', 'preference', null,   '{"topic": "tea"}', null, null, now(), timestamptz '2020-01-01'),
      ('aa01', 'aa25', 'fact',       'aa11', '{"topic": "home"}', null, null, null, now()),
      ('aa01', 'aa26', 'fact',       'aa12', '{"topic": "home"}', null, null, null, now()),
      ('aa02', 'aa27', 'fact',       null,   '{"topic": "home"}', null, null, null, now()))
      as m (who, id, kind, conversation, metadata, valid_to, supersedes, expires_at, created_at);
$$;
-- What goes, and what is left of both users; then everything is as before.
create function pg_temp.after(p_choice jsonb) returns text language plpgsql as $$
declare
  v_gone text;
  v_left text;
begin
  perform pg_temp.fill();
  set local role plinth_operator;
  select concat_ws(' ', d.deleted, d.superseded, d.embeddings, d.qdrant_points, d.more) into v_gone
    from jsonb_to_record(p_choice) as c (scope text, conversation_id uuid, kind text, metadata jsonb, closed boolean,
                                         created_before timestamptz, "all" boolean)
   cross join lateral api.delete_memories('019e0000-0000-7000-8000-00000001aa01', c.scope, c.conversation_id, c.kind, c.metadata,
                                          c.closed, c.created_before, c."all") d;
  reset role;
  select string_agg(m.content, ' ' order by m.content) into v_left from memory.semantic_memories m
   where m.user_id::text like '019e0000-0000-7000-8000-00000001aa0_';
  return concat_ws(': ', v_gone, v_left);
end
$$;

select is(pg_temp.after('{"scope": "user"}'), '4 0 0 [] f: aa25 aa26 aa27', 'what counts everywhere');
select is(pg_temp.after('{"scope": "conversation"}'), '2 0 0 [] f: aa21 aa22 aa23 aa24 aa27', 'what counts in conversations');
select is(pg_temp.after('{"conversation_id": "019e0000-0000-7000-8000-00000001aa11"}'),
          '1 0 0 [] f: aa21 aa22 aa23 aa24 aa26 aa27', 'in one');
select is(pg_temp.after('{"kind": "preference"}'), '2 0 0 [] f: aa21 aa22 aa25 aa26 aa27', 'of a kind, also what has expired');
select is(pg_temp.after('{"metadata": {"topic": "home"}}'), '4 0 0 [] f: aa23 aa24 aa27', 'whose metadata say so');
select is(pg_temp.after('{"closed": true}'), '1 0 0 [] f: aa22 aa23 aa24 aa25 aa26 aa27', 'what is true no more');
select is(pg_temp.after('{"created_before": "2020-02-01"}'), '1 0 0 [] f: aa21 aa22 aa23 aa25 aa26 aa27', 'what is old');
select is(pg_temp.after(jsonb_build_object('created_before', now())), '1 0 0 [] f: aa21 aa22 aa23 aa25 aa26 aa27',
          'not what is from that moment');
select is(pg_temp.after('{"kind": "fact", "scope": "user"}'), '2 0 0 [] f: aa23 aa24 aa25 aa26 aa27', 'filters add up');
select is(pg_temp.after('{"kind": "none"}'), '0 0 0 [] f: aa21 aa22 aa23 aa24 aa25 aa26 aa27', 'nothing to forget');
select is(pg_temp.after('{"all": true}'), '6 0 0 [] f: aa27', 'all, and never another user''s');

-- Bounded; a fact goes with its past even where that was not chosen.
update base.settings set value = '1' where name = 'memory.delete_limit';
select pg_temp.fill();
select is((select d.more from api.delete_memories(:'anna', p_kind => 'preference') d), true,
          'as many as may be, and that there are more');
select is((select d.more from api.delete_memories(:'anna', p_kind => 'preference') d), false, 'the rest');
delete from memory.semantic_memories m where m.user_id = :'anna' and m.conversation_id is not null;
update memory.semantic_memories m set kind = 'chosen' where m.user_id = :'anna' and m.content = 'aa22';
select is(concat_ws(' ', d.deleted, d.superseded), '1 1', 'the chosen one, and its past')
  from api.delete_memories(:'anna', p_kind => 'chosen') d;

set session authorization plinth_operator;
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa01') $$, 'VL003', 'Name a filter, or say all',
                 'neither a filter nor all');
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa01', p_closed => false) $$, 'VL003',
                 'Name a filter, or say all', 'a filter that chooses nothing');
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa01', p_kind => 'fact', p_all => true) $$,
                 'VL001', 'all excludes filters', 'both');
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa01', p_metadata => '{}') $$,
                 'VL001', 'metadata must name something; everything contains an empty object', 'a filter that is all');
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa01', p_scope => 'x') $$,
                 'VL001', 'scope must be user, without a conversation_id, or conversation', 'another scope');
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa02',
                      p_conversation_id => '019e0000-0000-7000-8000-00000001aa11') $$,
                 'NF001', 'There is no such conversation', 'another user''s conversation');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa01', p_all => true) $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.delete_memories('019e0000-0000-7000-8000-00000001aa01', p_all => true) $$,
                 '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
