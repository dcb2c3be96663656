-- Searches, recalls and imports of a user with many rows, and calls with one of many keys, of which nobody took
-- statistics yet: they read what they need, and not all there is.
begin;
select plan(44);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select create_embedding_model('tap-fresh', 2, p_index_kind => 'none');
select create_embedding_model('tap-shared', 2, p_index_kind => 'none');
select create_embedding_model('tap-first', 2, p_index_kind => 'none');
select create_embedding_model('tap-next', 2, p_index_kind => 'none');

-- No autovacuum meanwhile: it would tell of tables that are empty for all others. What somebody holds, it passes by.
do $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid from pg_class c
     where c.relkind = 'r' and c.relnamespace = any ('{auth,chat,memory,ops}'::regnamespace[]) order by c.oid
  loop
    begin
      execute format('lock table only %s in share update exclusive mode nowait', v_table);
    exception when lock_not_available then
      null;
    end;
  end loop;
  -- Nor what was told before, of rows of other files that are gone. Only a superuser may make the planner forget.
  if (select r.rolsuper from pg_roles r where r.rolname = session_user) then
    with known as materialized (
      select c.oid from pg_class c
       where c.relkind in ('r', 'p', 'i') and c.relnamespace = any ('{auth,chat,memory,ops}'::regnamespace[])
         for update skip locked
    ), told as (
      delete from pg_statistic s using known k where s.starelid = k.oid
    )
    update pg_class c set relpages = 0, reltuples = -1 from known k where c.oid = k.oid;
  end if;
end $$;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values (pg_temp.id('2f000'), 'tap_fresh', 'tap_fresh@example.org');
insert into chat.conversations (user_id, id) values (pg_temp.id('2f000'), pg_temp.id('2fc00'));
create temp table texts as
select n, now() - (20000 - n) * interval '1 minute' as at,
       concat_ws(' ', 'common', 'word' || n % 89, case when n % 500 = 0 then 'seldom' end, repeat('of the ', 100)) as content
  from generate_series(1, 20000) n;

-- How many rows of accounts, chats, memories and what is kept of them a statement reads.
create function pg_temp.rows_read(p_statement text) returns bigint language plpgsql as $$
declare
  v_before bigint;
begin
  v_before := (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
                where s.schemaname in ('auth', 'chat', 'memory', 'ops'));
  execute p_statement;
  return (select sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)) from pg_stat_xact_user_tables s
           where s.schemaname in ('auth', 'chat', 'memory', 'ops')) - v_before;
end $$;

-- What was planned while there was nothing, and no table worth a scan of it.
set local enable_seqscan = off;
insert into auth.users (id, username, email) values (pg_temp.id('2f001'), 'tap_branch', 'tap_branch@example.org');
create function pg_temp.say_in(p_talk uuid, p_parent_id uuid default null) returns uuid language sql as $$
  select m.id from api.create_message(pg_temp.id('2f001'), p_talk, 'user', 'Hello', p_parent_id => p_parent_id) m
$$;
create function pg_temp.read_branch(p_talk uuid, p_branch uuid) returns bigint language sql as $$
  select count(*) from api.get_messages(pg_temp.id('2f001'), p_talk, p_branch => p_branch)
$$;
select c.id as talk from api.create_conversation(pg_temp.id('2f001'), 'Branched') c \gset
select pg_temp.say_in(:'talk') as first \gset
select pg_temp.say_in(:'talk', pg_temp.say_in(:'talk', :'first')) as branch \gset
select pg_temp.read_branch(:'talk', :'branch');
select count(pg_temp.say_in(:'talk')) from generate_series(1, 1000);
select pg_temp.say_in(:'talk', :'branch') as branch \gset
select cmp_ok(pg_temp.rows_read(format('select pg_temp.read_branch(%L, %L)', :'talk', :'branch')), '<', 100::bigint,
              'a branch of a conversation that became long');

-- What hangs on one of many conversations, messages, runs and reports.
select register_skill('TapFresh', 'Does nothing', '{"type": "object"}');
create function pg_temp.remember(p_talk uuid) returns void language plpgsql as $$
declare
  v_id uuid := (select m.id from api.create_memory(pg_temp.id('2f001'), 'It is so', p_conversation_id => p_talk) m);
begin
  perform api.get_memory(pg_temp.id('2f001'), v_id);
end $$;
create function pg_temp.work(p_talk uuid, p_leaf uuid) returns void language plpgsql as $$
begin
  perform api.get_context_window(pg_temp.id('2f001'), p_talk, 50, p_leaf);
  perform pg_temp.remember(p_talk);
  perform api.create_plan(pg_temp.id('2f001'), 'Done', '[{"skill": "TapFresh"}]', p_start => true);
  perform api.claim_plan_steps(pg_temp.id('2f001'));
  perform api.record_usage(pg_temp.id('2f001'), 'model', p_event_id => 'before');
  perform api.update_message(pg_temp.id('2f001'), p_leaf, 'Well, hello');
  perform core.lock_embeddings(pg_temp.id('2f001'), array[p_leaf], null);
end $$;
set local plan_cache_mode = force_generic_plan;
select set_conversation_summary(pg_temp.id('2f001'), :'talk', 'Hello', :'first');
insert into memory.embeddings (user_id, model_id, content, embedding, message_id)
select pg_temp.id('2f001'), m.id, 'text', '[1,2]', :'branch' from memory.embedding_models m where m.name = 'tap-fresh';
select pg_temp.work(:'talk', :'branch');
insert into chat.conversations (user_id) select pg_temp.id('2f001') from generate_series(1, 1000);
insert into chat.function_executions (user_id, skill_name, skill_version, status, started_at, expires_at, finished_at)
select pg_temp.id('2f001'), 'TapFresh', '1.0.0', 'succeeded', now(), now(), now() from generate_series(1, 1000);
insert into ops.usage_events (user_id, event_id, usage_id)
select pg_temp.id('2f001'), 'event ' || n, base.new_id() from generate_series(1, 1000) n;
select cmp_ok(pg_temp.rows_read(format('select from api.get_context_window(pg_temp.id(%L), %L, 50, %L)', '2f001', :'talk',
                                       :'branch')), '<', 100::bigint, 'the context of a branch');
select cmp_ok(pg_temp.rows_read(format('select pg_temp.remember(%L)', :'talk')), '<', 100::bigint,
              'a memory of one of many conversations, made and read');
select create_plan(pg_temp.id('2f001'), 'Done', '[{"skill": "TapFresh"}]', p_start => true);
select cmp_ok(pg_temp.rows_read($$ select from api.claim_plan_steps(pg_temp.id('2f001')) $$), '<', 100::bigint,
              'a run after many');
select cmp_ok(pg_temp.rows_read($$ select from api.record_usage(pg_temp.id('2f001'), 'model', p_event_id => 'after') $$), '<',
              100::bigint, 'a report after many');
insert into memory.embeddings (user_id, model_id, content, embedding, message_id)
select pg_temp.id('2f001'), m.id, 'text ' || n, '[1,2]', case when n > 998 then :'branch'::uuid end
  from generate_series(1, 1000) n join memory.embedding_models m on m.name = 'tap-fresh';
select cmp_ok(pg_temp.rows_read(format('select core.lock_embeddings(pg_temp.id(%L), array[%L]::uuid[], null)', '2f001',
                                       :'branch')), '<', 100::bigint, 'the vectors of a message that goes');
select pg_stat_get_xact_tuples_updated('memory.embedding_counts'::regclass) as counted \gset
select cmp_ok(pg_temp.rows_read(format('select from api.update_message(pg_temp.id(%L), %L, %L)', '2f001', :'branch', 'Oh')),
              '<', 100::bigint, 'and of one that is changed');
select is((select count(*) from memory.embeddings e where e.user_id = pg_temp.id('2f001')), 998::bigint, 'they are forgotten');
select is(pg_stat_get_xact_tuples_updated('memory.embedding_counts'::regclass) - :counted, 1::bigint, 'and counted once');
reset plan_cache_mode;

create function pg_temp.say() returns void language sql as $$
  select api.create_messages(pg_temp.id('2f000'), pg_temp.id('2fc00'), '[{"role": "user", "content": "Hello"}]')
$$;
-- For all of it: to change this makes a session forget its plans.
set local session_replication_role = replica;
select pg_temp.say();
insert into chat.messages (user_id, id, conversation_id, role, content, created_at, search)
select pg_temp.id('2f000'), base.id_at(t.at), pg_temp.id('2fc00'), 'user', t.content, t.at,
       to_tsvector('english', t.content)
  from texts t order by t.n;
insert into memory.semantic_memories (user_id, id, content, importance, metadata, valid_from, created_at, search)
select pg_temp.id('2f000'), base.id_at(t.at), t.content, t.n % 101 / 100.0,
       case when t.n % 2000 = 0 then '{"few": 1}' when t.n % 2 = 1 then '{"half": 1}'
            when t.n % 20 = 0 or t.n < 5000 then '{"some": 1}' else '{}' end::jsonb, t.at, t.at,
       to_tsvector('english', t.content)
  from texts t order by t.n;
select cmp_ok(pg_temp.rows_read('select pg_temp.say()'), '<', 100::bigint, 'a message to an account that was empty before');
reset enable_seqscan;
set local session_replication_role = origin;
-- What waits for its place in an index costs the same among few rows as among many.
do $$
begin
  perform gin_clean_pending_list(x.indexrelid) from pg_index x join pg_class c on c.oid = x.indexrelid
     join pg_am a on a.oid = c.relam
    where a.amname = 'gin' and c.relkind = 'i' and c.relnamespace in ('chat'::regnamespace, 'memory'::regnamespace);
end $$;

set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ select from api.search_messages(pg_temp.id('2f000'), 'seldom') $$), '<', 10000::bigint,
              'a rare word');
select cmp_ok(pg_temp.rows_read($$ select from api.search_messages(pg_temp.id('2f000'), 'nowhere') $$), '<', 16000::bigint,
              'a word that is nowhere');
select cmp_ok(pg_temp.rows_read($$ select from api.search_messages(pg_temp.id('2f000'), 'sedlom') $$), '<', 30000::bigint,
              'a slip');
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f000'), 'seldom') $$), '<', 10000::bigint,
              'a recall by a rare word');
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f000'), 'common thing') $$), '<', 10000::bigint,
              'by a frequent one');
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f000'), 'thing', p_metadata => '{"few": 1}') $$),
              '<', 2000::bigint, 'by metadata that few have');
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f000'), 'thing', p_metadata => '{"half": 1}') $$),
              '<', 10000::bigint, 'or many');
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f000'), 'common thing word5',
                                                                    p_metadata => '{"some": 1}') $$),
              '<', 9000::bigint, 'or some of the newest, too many to compare');
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f000'), 'thing',
                                                                    p_as_of => now() - interval '19900 minutes') $$),
              '<', 2000::bigint, 'of what was true in the beginning');
select cmp_ok(pg_temp.rows_read($$ select from api.list_memories(pg_temp.id('2f000')) $$), '<', 1000::bigint,
              'a page of memories');
select cmp_ok(pg_temp.rows_read($$ select from api.list_memories(pg_temp.id('2f000'), p_metadata => '{"half": 1}') $$),
              '<', 2000::bigint, 'of those with metadata that many have');
select cmp_ok(pg_temp.rows_read($$ select from api.list_memories(pg_temp.id('2f000'), p_metadata => '{"few": 1}') $$),
              '<', 2000::bigint, 'or few');
reset session authorization;
set local session_replication_role = replica;
insert into memory.embeddings (user_id, model_id, content, embedding, memory_id)
select s.user_id, m.id, s.content, '[1,2]', s.id from memory.semantic_memories s, memory.embedding_models m
 where s.user_id = pg_temp.id('2f000') and m.name = 'tap-fresh' and s.content ~ 'word[1-9] ';
set local session_replication_role = origin;
set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ select from api.list_missing_embeddings('tap-fresh', p_kind => 'memory', p_limit => 50) $$),
              '<', 500::bigint, 'a page of those that have no vector yet');
select cmp_ok(pg_temp.rows_read($$ select from api.list_missing_embeddings('tap-fresh', p_kind => 'message', p_limit => 50) $$),
              '<', 500::bigint, 'and of messages');
reset session authorization;
set local session_replication_role = replica;
insert into memory.embeddings (user_id, model_id, content, embedding, message_id)
select s.user_id, m.id, 'Yes', '[1,2]', s.id
  from (select c.user_id, c.id from chat.messages c where c.user_id = pg_temp.id('2f000') order by c.id limit 1000) s
  join memory.embedding_models m on m.name in ('tap-fresh', 'tap-next');
set local session_replication_role = origin;
set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ select from api.list_missing_embeddings('tap-next', 'tap-fresh', p_limit => 2000) $$),
              '<', 20000::bigint, 'of texts that have one of another model, where many messages say the same');
reset session authorization;
set local session_replication_role = replica;
insert into memory.embeddings (user_id, model_id, collection, content, embedding)
select pg_temp.id('2f000'), m.id, 'notes', 'note ' || n, '[1,2]'
  from generate_series(1, 3000) n join memory.embedding_models m on m.name = 'tap-next';
insert into chat.planner_executions (user_id, goal, status, started_at, finished_at)
select pg_temp.id('2f000'), 'Done', 'succeeded', now(), now() from generate_series(1, 3000);
set local session_replication_role = origin;
set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ select from api.list_embeddings(pg_temp.id('2f000'), p_collection => 'notes') $$),
              '<', 500::bigint, 'a page of the vectors of a collection');
-- As among 100,000, of which the planner takes some for these.
set local enable_indexscan = off;
select cmp_ok(pg_temp.rows_read($$ select from api.list_plans(pg_temp.id('2f000'), 'succeeded') $$),
              '<', 500::bigint, 'of plans that went well');
reset enable_indexscan;
select cmp_ok(pg_temp.rows_read($$ select from api.search_all(pg_temp.id('2f000'), 'common', p_sources => '{memories}') $$),
              '<', 5000::bigint, 'and memories that have a frequent word');
reset session authorization;

-- What was planned while there was next to nothing goes on for as long as a session lasts.
create function pg_temp.keep(p_first integer, p_last integer, p_metadata jsonb, p_model text default 'tap-first')
returns void language plpgsql as $$
begin
  perform api.upsert_embeddings(pg_temp.id('2f000'), array_agg('text ' || n), array_agg(format('[%s,1]', n)::ext.vector),
            p_model, p_metadata => case when p_metadata is not null then array_agg(p_metadata) end)
    from generate_series(p_first, p_last) n;
end $$;
select pg_temp.keep(1, 1, '{}');
analyze memory.embeddings;
set session authorization plinth_operator;
select pg_temp.keep(2, 2, '{}'), pg_temp.keep(2, 2, '{"a": 1}'), pg_temp.keep(3, 1000, '{}'), pg_temp.keep(1001, 2000, null);
select cmp_ok(pg_temp.rows_read($$ select pg_temp.keep(2001, 2500, '{}') $$), '<', 5000::bigint, 'vectors of new texts');
select cmp_ok(pg_temp.rows_read($$ select pg_temp.keep(2301, 2800, '{"a": 1}') $$), '<', 5000::bigint,
              'and of some that are there');
reset session authorization;

-- Keys, of which there were few when a connection planned: the last of many is not looked for among all.
create function pg_temp.key(p_n integer) returns bytea language sql as $$ select sha256(('tap fresh ' || p_n)::bytea) $$;
create function pg_temp.keys(p_first integer, p_last integer) returns void language sql as $$
  insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes)
  select pg_temp.id('2f000'), base.id_at(now() + n * interval '1 s'), 'tap ' || n, 'plk_aaaaaaaa', pg_temp.key(n), '{*}'
    from generate_series(p_first, p_last) n;
$$;
create function pg_temp.token(p_n integer) returns bytea language sql as $$ select sha256(('tap token ' || p_n)::bytea) $$;
create function pg_temp.sessions(p_first integer, p_last integer) returns void language sql as $$
  insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at)
  select pg_temp.id('2f000'), base.id_at(now() + n * interval '1 s'), pg_temp.token(n), pg_temp.token(n),
         now() + interval '1 day', now() + interval '1 day'
    from generate_series(p_first, p_last) n;
$$;
create function pg_temp.count_call(p_n integer) returns integer language sql as $$
  select http.record_usage(array[pg_temp.token(p_n)], array[null]::uuid[], '{GET}', '{/v1/me}', '{200}', '{hit}', '{1}',
                           array[base.new_id()], array[extract(epoch from now()) * 1000]::bigint[], '{1}', '{tap}')
$$;
create function pg_temp.calls(p_n integer) returns void language plpgsql as $$
begin
  perform pg_temp.count_call(p_n);
  perform http.enter('user', null, pg_temp.token(p_n), '');
  perform http.enter('user', null, pg_temp.key(p_n), '');
  perform http.take(array[pg_temp.token(p_n)], '{192.0.2.9}', '{""}', '{1}', '{1}', '{}', '{}');
  perform http.take(array[pg_temp.key(p_n)], '{192.0.2.9}', '{""}', '{1}', '{1}', '{}', '{}');
end $$;
set local plan_cache_mode = force_generic_plan;
-- For all of it: to change this makes a session forget its plans.
set local session_replication_role = replica;
select pg_temp.keys(1, 1), pg_temp.sessions(1, 1);
analyze auth.api_keys, auth.sessions;
select pg_temp.calls(1);
select pg_temp.keys(2, 20000), pg_temp.sessions(2, 2000);
select cmp_ok(pg_temp.rows_read($$ select http.enter('user', null, pg_temp.token(2000), '') $$), '<', 100::bigint,
              'the session of a call');
select cmp_ok(pg_temp.rows_read($$ select http.take(array[pg_temp.token(2000)], '{192.0.2.9}', '{""}', '{1}', '{1}',
                                                    '{}', '{}') $$), '<', 100::bigint, 'whose limits hold');
select cmp_ok(pg_temp.rows_read($$ select pg_temp.count_call(2000) $$), '<', 100::bigint, 'and which is counted');
select cmp_ok(pg_temp.rows_read($$ select http.enter('user', null, pg_temp.key(20000), '') $$), '<', 100::bigint,
              'the key of a call');
select cmp_ok(pg_temp.rows_read($$ select http.take(array[pg_temp.key(20000)], '{192.0.2.9}', '{""}', '{1}', '{1}',
                                                    '{}', '{}') $$), '<', 100::bigint, 'whose limits hold');

-- Failed sign-ins, links, and the trail.
set local enable_seqscan = off;
create function pg_temp.link(p_n integer) returns void language sql as $$
  insert into auth.one_time_tokens (user_id, id, kind, token_hash, expires_at)
  values (base.id_at(now() + p_n * interval '1 s'), base.id_at(now() + p_n * interval '1 s'), 'verify_email',
          sha256(('link ' || p_n)::bytea), now() + interval '1 day')
$$;
create function pg_temp.sign_in(p_n integer) returns void language plpgsql as $$
begin
  perform core.attempt_wait('password', pg_temp.key(p_n), pg_temp.key(p_n));
  perform core.forget_attempts(pg_temp.id('2f001'));
  perform core.use_one_time_token('verify_email', 'link ' || p_n);
end $$;
create function pg_temp.trail() returns bigint language sql as $$
  select count(*) from api.list_own_audit(pg_temp.id('2f000'))
$$;
analyze auth.attempts, auth.one_time_tokens;
select pg_temp.link(1), pg_temp.sign_in(1), pg_temp.trail(), core.seal_audit(1);
select count(pg_temp.link(n)) from generate_series(2, 1000) n;
insert into auth.attempts (kind, subject, address, forget_at)
select 'password', pg_temp.key(n), pg_temp.key(n), now() + interval '1 day' from generate_series(1, 1000) n;
insert into ops.audit_logs (id, user_id, action, entity_type)
select base.new_id(), pg_temp.id('2f000'), 'insert', 'auth.users' from generate_series(1, 1000) n;
insert into ops.audit_details (audit_id, user_id) select l.id, l.user_id from ops.audit_logs l on conflict do nothing;
select cmp_ok(pg_temp.rows_read('select pg_temp.sign_in(1000)'), '<', 100::bigint, 'failed sign-ins, and links');
select cmp_ok(pg_temp.rows_read('select pg_temp.trail()'), '<', 500::bigint, 'a page of a long trail');
select cmp_ok(pg_temp.rows_read('select core.seal_audit(1)'), '<', 100::bigint, 'what is sealed of a long trail');
reset enable_seqscan;
set local session_replication_role = origin;
reset plan_cache_mode;

-- Many accounts with a vector each: the account is as good a key as the row's, until one of them has many.
insert into auth.users (id, username, email)
select base.id_at(now() - n * interval '1 s'), 'tap_each_' || n, 'tap_each_' || n || '@example.org'
  from generate_series(1, 400) n;
insert into memory.embeddings (user_id, model_id, content, embedding)
select u.id, m.id, 'text', '[1,2]' from auth.users u, memory.embedding_models m
 where u.username like 'tap\_each\_%' and m.name = 'tap-shared';
insert into memory.semantic_memories (user_id, content) select u.id, 'word' from auth.users u where u.username ~ '^tap_each';
insert into memory.embeddings (user_id, model_id, content, embedding, memory_id)
select s.user_id, m.id, s.content, '[1,2]', s.id from memory.semantic_memories s, memory.embedding_models m
 where s.content = 'word' and m.name = 'tap-shared';
analyze memory.embeddings, memory.semantic_memories;
insert into memory.semantic_memories (user_id, content) select pg_temp.id('2f001'), 'word' from generate_series(1, 2000);
insert into memory.embeddings (user_id, model_id, content, embedding, memory_id)
select s.user_id, m.id, s.content, '[1,2]', s.id from memory.semantic_memories s, memory.embedding_models m
 where s.user_id = pg_temp.id('2f001') and s.content = 'word' and m.name = 'tap-shared';
set session authorization plinth_operator;
select m.id as spoken from api.create_message(pg_temp.id('2f000'), pg_temp.id('2fc00'), 'user', 'Hello') m \gset
create function pg_temp.hang(p_id uuid, p_text text) returns bigint language sql as $$
  select count(*) from api.upsert_embedding(pg_temp.id('2f000'), p_text, '[1,2]', 'tap-shared', p_message_id => p_id)
$$;
create function pg_temp.edit(p_id uuid, p_text text) returns bigint language sql as $$
  select count(*) from api.update_message(pg_temp.id('2f000'), p_id, p_text)
$$;
select pg_temp.hang(:'spoken', 'Hello'), pg_temp.edit(:'spoken', 'text');
select pg_temp.keep(1, 1, '{}', 'tap-shared'), pg_temp.keep(1, 1, '{"a": 1}', 'tap-shared'),
       pg_temp.keep(2, 1000, '{}', 'tap-shared');
select cmp_ok(pg_temp.rows_read($$ select pg_temp.keep(901, 1100, '{"a": 1}', 'tap-shared') $$), '<', 2000::bigint,
              'vectors of some texts that are there, in a model that many use');
select pg_temp.hang(:'spoken', 'text');
select cmp_ok(pg_temp.rows_read(format('select pg_temp.edit(%L, %L)', :'spoken', 'other')), '<', 100::bigint,
              'the vector of a message, there, that is changed');
select set_config('plinth.caller', pg_temp.id('2f001')::text, true);
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f001'), 'word', '[1,2]', 'tap-shared') $$),
              '<', 20000::bigint, 'a recall, there, of somebody with many memories');
reset session authorization;
insert into memory.semantic_memories (user_id, content) select pg_temp.id('2f001'), 'word' from generate_series(1, 10000);
set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f001'), 'word') $$), '<', 8000::bigint,
              'and of very many');
reset session authorization;

insert into auth.users (id, username, email) values (pg_temp.id('2f003'), 'tap_kinds', 'tap_kinds@example.org');
insert into chat.conversations (user_id, id) values (pg_temp.id('2f003'), pg_temp.id('2fc03'));
insert into memory.semantic_memories (user_id, conversation_id, content)
select pg_temp.id('2f003'), pg_temp.id('2fc03'), 'word' from generate_series(1, 5000);
set session authorization plinth_operator;
select set_config('plinth.caller', pg_temp.id('2f003')::text, true);
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f003'), 'word', p_kind => 'fact') $$),
              '<', 2000::bigint, 'by a kind that all have, where other conversations have them all');
reset session authorization;
insert into memory.semantic_memories (user_id, kind, content)
select pg_temp.id('2f003'), 'note', 'word' from generate_series(1, 20000);
set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ select from api.recall_memories(pg_temp.id('2f003'), 'word', p_kind => 'fact') $$),
              '<', 8000::bigint, 'or a part of all');
reset session authorization;

select * from finish();
rollback;
