-- core.find_messages: the newest hits, the same by reading rows and by the index, and the plans as they really run.
begin;
select plan(34);

select is(pg_get_function_arguments('core.find_messages'::regproc),
  'p_user_id uuid, p_query tsquery, p_limit integer, p_before uuid DEFAULT NULL::uuid, p_from uuid DEFAULT NULL::uuid, '
  'p_conversation_id uuid DEFAULT NULL::uuid, p_role text DEFAULT NULL::text, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_archived boolean DEFAULT true', 'arguments');
select is(pg_get_function_result('core.find_messages'::regproc), 'TABLE(id uuid, rank real)', 'result');
select is(p.provolatile::text || p.prosecdef, 'strue', 'stable, with the rights of its owner') from pg_proc p
 where p.oid = 'core.find_messages'::regproc;
select is(p.proowner::regrole::text, 'plinth_system', 'whose it is') from pg_proc p where p.oid = 'core.find_messages'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan,'
                       'max_parallel_workers_per_gather=0,enable_sort=off}',
          'settings') from pg_proc p
 where p.oid = 'core.find_messages'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
          'who may call it') from pg_proc p where p.oid = 'core.find_messages'::regproc;

-- Anna has 6,000 messages: n of 1 to 6,000, a minute apart, 6,000 the newest. Ben has the same words.
\set anna 019e0000-0000-7000-8000-00000000c801
\set ben 019e0000-0000-7000-8000-00000000c802
insert into auth.users (id, username, email) values
  (:'anna', 'tap_find_anna', 'tap_find_anna@example.org'), (:'ben', 'tap_find_ben', 'tap_find_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-00000000c811', 'active'), (:'anna', '019e0000-0000-7000-8000-00000000c812', 'archived'),
  (:'anna', '019e0000-0000-7000-8000-00000000c813', 'deleted'), (:'ben', '019e0000-0000-7000-8000-00000000c814', 'active');
insert into chat.messages (user_id, id, conversation_id, role, content, metadata, created_at)
select :'anna', base.id_at(now() - (6001 - n) * interval '1 minute'),
       case when n % 100 = 1 then '019e0000-0000-7000-8000-00000000c812'
            when n % 100 = 2 then '019e0000-0000-7000-8000-00000000c813'
            else '019e0000-0000-7000-8000-00000000c811' end::uuid,
       case when n % 50 = 0 then 'tool' else 'user' end,
       concat_ws(' ', 'note', n, case when n % 3 = 0 then 'often' end, case when n % 500 = 0 then 'seldom' end,
                 case when n in (1, 2, 3) then 'ancient history' end, case when n <= 3000 then 'early' end),
       jsonb_build_object('n', n, 'tags', jsonb_build_array('t' || n % 7)), now() - (6001 - n) * interval '1 minute'
  from generate_series(1, 6000) n;
insert into chat.messages (user_id, conversation_id, role, content)
select :'ben', '019e0000-0000-7000-8000-00000000c814', 'user', 'ancient seldom often early note ' || n
  from generate_series(1, 100) n;
analyze chat.messages;

create function pg_temp.found(p_query tsquery, p_limit integer, p_before uuid default null, p_from uuid default null,
                              p_conversation uuid default null, p_role text default null, p_metadata jsonb default null,
                              p_archived boolean default true, p_user uuid default '019e0000-0000-7000-8000-00000000c801')
returns integer[] language sql volatile as $$
  select array(select (regexp_match(m.content, '[0-9]+'))[1]::integer
                 from core.find_messages(p_user, p_query, p_limit, p_before, p_from, p_conversation, p_role, p_metadata,
                                         p_archived) with ordinality f
                 join chat.messages m on m.user_id = p_user and m.id = f.id
                order by f.ordinality)
$$;
create function pg_temp.id(p_n integer) returns uuid language sql volatile as $$
  select m.id from chat.messages m
   where m.user_id = '019e0000-0000-7000-8000-00000000c801' and m.metadata @> jsonb_build_object('n', p_n)
$$;

select is(pg_temp.found('often', 4), '{6000,5997,5994,5991}', 'what is frequent: the newest, newest first');
select is(pg_temp.found('seldom', 50), '{6000,5500,5000,4500,4000,3500,3000,2500,2000,1500,1000,500}', 'what is rare: all');
select is(pg_temp.found('seldom', 7), '{6000,5500,5000,4500,4000,3500,3000}', 'or the newest of them');
select is(pg_temp.found('ancient', 50), '{3,1}', 'what is old; not of a deleted conversation');
select is(pg_temp.found('ancient', 50, p_archived => false), '{3}', 'archived ones where they are asked for');
select is(pg_temp.found('note & ancient <-> histori', 50), '{3,1}', 'all words, and a phrase');
select is(pg_temp.found('seldom & !often', 50), '{5500,5000,4000,3500,2500,2000,1000,500}', 'without a word');
select is(pg_temp.found('anc:*', 50), '{3,1}', 'the beginning of a word');
select is(pg_temp.found('nosuchword', 50), '{}', 'nothing');
select is(cardinality(pg_temp.found('earli', 5000)), 2970, 'frequent only in the past: all');
select is(pg_temp.found('earli', 2), '{3000,2999}', 'or the newest');
select is(pg_temp.found('ancient', 500, p_user => :'ben'), (select array_agg(n) from generate_series(100, 1, -1) n),
          'each his own');

select is(pg_temp.found('often', 2, pg_temp.id(5997)), '{5994,5991}', 'before a message');
select is(pg_temp.found('seldom', 50, pg_temp.id(2000), pg_temp.id(1000)), '{1500,1000}', 'before one and not before another');
select is(pg_temp.found('often', 3, p_role => 'tool'), '{6000,5850,5700}', 'of a role');
select is(pg_temp.found('note', 2, p_metadata => '{"n": 17}'), '{17}', 'with metadata');
select is(pg_temp.found('seldom', 9, p_metadata => '{"tags": ["t2"]}'), '{5000,1500}', 'with something in metadata');
select is(pg_temp.found('often', 2, p_conversation => '019e0000-0000-7000-8000-00000000c812'), '{5901,5601}', 'of a conversation');
select is(pg_temp.found('often', 2, p_conversation => '019e0000-0000-7000-8000-00000000c813'), '{}', 'of a deleted one');
-- So far down only the index looks.
select is(pg_temp.found('ancient', 50, p_conversation => '019e0000-0000-7000-8000-00000000c811'), '{3}',
          'what is old, of a conversation');
select is(pg_temp.found('ancient', 50, p_conversation => '019e0000-0000-7000-8000-00000000c812'), '{1}', 'and of another');
select is(pg_temp.found('ancient', 50, pg_temp.id(3)), '{1}', 'before a message');
select is(pg_temp.found('ancient', 50, p_from => pg_temp.id(2)), '{3}', 'not before one');
select is(pg_temp.found('ancient', 50, p_role => 'user'), '{3,1}', 'of a role');
select is(pg_temp.found('ancient', 50, p_role => 'tool'), '{}', 'and of another');
select is(pg_temp.found('ancient', 50, p_metadata => '{"n": 1}'), '{1}', 'with metadata');
select is(pg_temp.found('often', 2, p_conversation => '019e0000-0000-7000-8000-00000000c814'), '{}', 'of another user''s');

-- The rank is that of the words asked for.
select ok(count(distinct f.rank) > 0 and bool_and(f.rank > 0), 'rank')
  from core.find_messages(:'anna', 'seldom', 50) f;

select * from finish();
rollback;
