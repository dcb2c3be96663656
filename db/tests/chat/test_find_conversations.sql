-- core.find_conversations: what rows read one by one and an index find together, in the order of the list, and how much
-- is read for it.
begin;
select plan(19);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('core.find_conversations'::regproc),
  'p_user_id uuid, p_status text, p_like text, p_metadata jsonb, p_context jsonb, p_since timestamp with time zone, '
  'p_time timestamp with time zone, p_id uuid, p_limit integer', 'arguments');
select is(pg_get_function_result('core.find_conversations'::regproc), 'uuid[]', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_system {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.find_conversations'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.find_conversations'::regproc;

-- Three in an hour, of which the newest are the last; every fifth is of a colour, the eldest alone is large.
insert into auth.users (id, username, email) values
  (pg_temp.id('f001'), 'tap_find_conv', 'tap_find_conv@example.org'),
  (pg_temp.id('f002'), 'tap_find_conv_b', 'tap_find_conv_b@example.org');
set local session_replication_role = replica;
insert into chat.conversations (user_id, id, title, metadata, context, created_at, updated_at)
select pg_temp.id('f001'), base.new_id(), 'Talk about ' || n, case when n % 5 = 0 then '{"colour": "red"}' else '{}' end::jsonb,
       case when n < 41 then '{"size": "large"}' when n % 40 = 0 then '{"size": "small"}' else '{}' end::jsonb,
       now() - (20000 - n) * interval '20 minutes', now() - (20000 - n) * interval '20 minutes'
  from generate_series(1, 20000) n;
set local session_replication_role = origin;
insert into chat.conversations (user_id, id, title) values (pg_temp.id('f002'), base.new_id(), 'Talk about 1');
do $$
begin
  perform gin_clean_pending_list(x.indexrelid) from pg_index x join pg_class c on c.oid = x.indexrelid
     join pg_am a on a.oid = c.relam
    where a.amname = 'gin' and x.indrelid = 'chat.conversations'::regclass;
end $$;
analyze chat.conversations;

create function pg_temp.found(p_like text, p_metadata jsonb, p_context jsonb, p_since timestamptz default null,
                              p_time timestamptz default null, p_id uuid default null, p_limit integer default 50)
returns uuid[] language sql as $$
  select core.find_conversations(pg_temp.id('f001'), 'active', p_like, p_metadata, p_context, p_since, p_time, p_id, p_limit)
$$;
create function pg_temp.all_of(p_like text, p_metadata jsonb, p_context jsonb, p_since timestamptz default null,
                               p_time timestamptz default null, p_id uuid default null, p_limit integer default 50)
returns uuid[] language sql as $$
  select array(select c.id from chat.conversations c
                where c.user_id = pg_temp.id('f001') and (p_like is null or lower(c.title) like p_like)
                  and (p_metadata is null or c.metadata @> p_metadata) and (p_context is null or c.context @> p_context)
                  and (p_since is null or c.active_at >= p_since)
                  and (p_time is null or (c.active_at, c.id) < (p_time, p_id))
                order by c.active_at desc, c.id desc limit p_limit)
$$;

select is(pg_temp.found('%talk about%', null, null), pg_temp.all_of('%talk about%', null, null), 'what all have');
select is(pg_temp.found(null, '{"colour": "red"}', null), pg_temp.all_of(null, '{"colour": "red"}', null), 'what many have');
select is(pg_temp.found(null, null, '{"size": "small"}'), pg_temp.all_of(null, null, '{"size": "small"}'),
          'what some have: the last by rows, the others by the index');
select is(cardinality(pg_temp.found(null, null, '{"size": "small"}')), 50, 'a full page');
select is(pg_temp.found(null, null, '{"size": "large"}'), pg_temp.all_of(null, null, '{"size": "large"}'), 'what the eldest have');
select is(pg_temp.found('%about 17%', '{"colour": "red"}', null), pg_temp.all_of('%about 17%', '{"colour": "red"}', null), 'both');
select is(pg_temp.found('%nowhere%', null, null), '{}', 'what nobody has');
select is(pg_temp.found(null, '{"colour": "red"}', null, now() - interval '2 days'),
          pg_temp.all_of(null, '{"colour": "red"}', null, now() - interval '2 days'), 'since a time');
select is(pg_temp.found(null, null, '{"size": "small"}', null, c.active_at, c.id),
          pg_temp.all_of(null, null, '{"size": "small"}', null, c.active_at, c.id), 'the next page')
  from chat.conversations c where c.id = (pg_temp.found(null, null, '{"size": "small"}'))[50];
select is(pg_temp.found(null, '{"colour": "red"}', null, p_limit => 700),
          pg_temp.all_of(null, '{"colour": "red"}', null, p_limit => 700), 'a long page');

-- How many conversations a list reads: here they are 20,000.
create function pg_temp.rows_read(p_filter text) returns bigint language plpgsql as $$
declare
  v_before bigint := (select coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0) from pg_stat_xact_user_tables s
                       where s.relid = 'chat.conversations'::regclass);
begin
  execute format('select from api.get_user_conversations(%L, %s)', pg_temp.id('f001'), p_filter);
  return (select coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0) from pg_stat_xact_user_tables s
           where s.relid = 'chat.conversations'::regclass) - v_before;
end $$;
set session authorization plinth_operator;
select cmp_ok(pg_temp.rows_read($$ p_title => 'talk about' $$), '<', 1500::bigint, 'a title that all have');
select cmp_ok(pg_temp.rows_read($$ p_metadata => '{"colour": "red"}' $$), '<', 1500::bigint, 'metadata that many have');
select cmp_ok(pg_temp.rows_read($$ p_metadata => '{"colour": "blue"}' $$), '<', 1500::bigint, 'that nobody has');
select cmp_ok(pg_temp.rows_read($$ p_context => '{"size": "large"}' $$), '<', 1500::bigint, 'a context that few have');
select is((select count(*) from api.get_user_conversations(pg_temp.id('f001'), p_context => '{"size": "large"}')), 40::bigint,
          'who are listed');
reset session authorization;

select * from finish();
rollback;
