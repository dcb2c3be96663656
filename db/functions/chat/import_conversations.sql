-- api.import_conversations: takes a history over, up to 5,000 lines at a time: conversations, their messages, former
-- texts of those, and running summaries. What an export writes, this reads.
--
-- Rules   A line is an object with type: conversation, message, edit or summary (core.import_fields has the fields of
--         each). Conversations and messages have a client_id; conversation, parent, message and until name others by
--         theirs, of this call or of an earlier one, or by their ids where they have none.
--         What is there already stays as it is and counts as existing; so all may be sent again after an interruption,
--         and reading an export into the account it comes from changes nothing.
--         created_at is kept, and ids are ordered by it; what was at the same moment, by the order of the lines.
--         Without one it is now. A message is younger than its parent.
--         All lines are written, or none. An error names the first faulty line and its field: lines[17].role, counted
--         from p_line, or items[16].role.
-- Permission self:write
-- Errors  UN001 nobody is signed in; VL001 not a list of at most 5,000, or a field breaks a rule; VL002 there is no
--         such field; VL003 a field is missing; NF001 there is no such conversation or message; KC004 a conversation is
--         deleted; KC008 too many messages of a conversation would be pinned; KC009 another import of this account is
--         under way
-- Locks   an advisory lock, by which there is one import of a user at a time; names of conversations in their order;
--         the conversations in that of their keys, like whoever writes into them; then names of messages in their order
create or replace function api.import_conversations(p_user_id uuid, p_items jsonb, p_line integer default null)
returns table (conversations bigint, messages bigint, edits bigint, summaries bigint, existing bigint)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tail  bigint;
  v_bad   bigint;
  v_field text;
  v_ids   uuid[];
  v_told  record;
begin
  p_user_id := core.act_for(p_user_id);
  if jsonb_typeof(p_items) is distinct from 'array' or jsonb_array_length(p_items) > 5000 then
    perform base.raise('VL001', 'items must be a list of at most 5,000', 'items');
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('import:' || p_user_id, 0)) then
    perform base.raise('KC009', 'Another import of this account is under way');
  end if;
  perform core.check_import(p_items, p_line);
  -- Below, each thing is looked up by its key (offset 0), whatever the planner guesses of how many there are; and the
  -- key is computed before, because under a policy no index is asked with a regular expression.
  -- 40 bits of this moment, 16 for the number of the line, 6 that are random.
  v_tail := ((extract(epoch from clock_timestamp()) * 1000)::bigint & 1099511627775) << 22;

  begin
    with line as materialized (
      select e.item, e.n, e.item ->> 'client_id' as client_id,
             core.as_uuid(e.item ->> 'client_id') as own_id,
             coalesce((e.item ->> 'created_at')::timestamptz, now()) as created_at
        from core.import_lines(p_items, 'conversation') e
    )
    insert into chat.conversations
      (user_id, id, client_id, client_fingerprint, title, status, model, language, context, metadata, created_at, updated_at)
    select p_user_id, core.import_id(l.created_at, v_tail + (l.n << 6) + floor(random() * 64)::bigint), l.client_id,
           sha256(convert_to(jsonb_build_array(
             l.item ->> 'title', nullif(l.item -> 'context', 'null'), nullif(l.item -> 'metadata', 'null'),
             l.item ->> 'model', l.item ->> 'language')::text, 'UTF8')),
           l.item ->> 'title', coalesce(l.item ->> 'status', 'active'), l.item ->> 'model',
           coalesce(l.item ->> 'language', base.setting('chat.language')),
           coalesce(nullif(l.item -> 'context', 'null'), '{}'), coalesce(nullif(l.item -> 'metadata', 'null'), '{}'),
           l.created_at, l.created_at
      from line l
     where not exists (select from chat.conversations c where c.user_id = p_user_id and c.id = l.own_id offset 0)
     order by l.client_id
    on conflict (user_id, client_id) where client_id is not null do nothing;
    get diagnostics conversations = row_count;

    with line as materialized (
      select e.n, e.item ->> 'client_id' as client_id, core.as_uuid(e.item ->> 'client_id') as own_id
        from core.import_lines(p_items, 'conversation') e
    )
    select min(l.n) into v_bad
      from line l
      left join lateral (select c.status from chat.conversations c
                          where c.user_id = p_user_id and c.client_id = l.client_id offset 0) c on true
      left join lateral (select o.status from chat.conversations o
                          where o.user_id = p_user_id and o.id = l.own_id offset 0) o on true
     where 'deleted' in (c.status, o.status);
    if v_bad is not null then
      perform base.raise('KC004', 'This conversation is deleted; restore it, or erase it, before its history is taken over',
                         core.import_place(v_bad, p_line, 'client_id'));
    end if;

    v_ids := array(
      select coalesce(c.id, o.id)
        from (select n.name, core.as_uuid(n.name) as its_id
                from (select distinct e.item ->> 'conversation' as name from jsonb_array_elements(p_items) as e (item)) n
              offset 0) l
        left join lateral (select c.id from chat.conversations c
                            where c.user_id = p_user_id and c.client_id = l.name offset 0) c on true
        left join lateral (select o.id from chat.conversations o
                            where o.user_id = p_user_id and o.id = l.its_id offset 0) o on true);
    perform from chat.conversations c where c.user_id = p_user_id and c.id = any (v_ids) order by c.id for no key update;

    with line as materialized (
      select e.item, e.n, e.item ->> 'client_id' as client_id, e.item ->> 'conversation' as conversation,
             e.item ->> 'parent' as parent, t.created_at, core.as_uuid(e.item ->> 'client_id') as own_id,
             core.as_uuid(e.item ->> 'conversation') as its_id, core.as_uuid(e.item ->> 'parent') as parents_id,
             core.import_id(t.created_at, v_tail + (e.n << 6) + floor(random() * 64)::bigint) as id
        from core.import_lines(p_items, 'message') e
       cross join lateral (select coalesce((e.item ->> 'created_at')::timestamptz, now()) as created_at) t
    ), known as materialized (
      select l.*, coalesce(k.message_id, m.id) as known_id, coalesce(c.id, o.id) as conversation_id
        from line l
        left join lateral (select k.message_id from chat.message_client_ids k
                            where k.user_id = p_user_id and k.client_id = l.client_id offset 0) k on true
        left join lateral (select m.id from chat.messages m
                            where m.user_id = p_user_id and m.id = l.own_id offset 0) m on true
        left join lateral (select c.id from chat.conversations c
                            where c.user_id = p_user_id and c.client_id = l.conversation and c.status <> 'deleted'
                           offset 0) c on true
        left join lateral (select o.id from chat.conversations o
                            where o.user_id = p_user_id and o.id = l.its_id and o.status <> 'deleted' offset 0) o on true
    ), related as materialized (
      select l.*, p.id as new_parent, p.conversation_id as its_conversation,
             coalesce(p.known_id, k.message_id, l.parents_id) as old_parent
        from known l
        left join known p on p.client_id = l.parent
        left join lateral (select k.message_id from chat.message_client_ids k
                            where k.user_id = p_user_id and k.client_id = l.parent and p.id is null offset 0) k on true
       where l.known_id is null
    ), ready as materialized (
      select l.*, coalesce(m.id, l.new_parent) as parent_id,
             case when l.conversation_id is null then 'conversation'
                  when l.parent is null then null
                  when coalesce(m.conversation_id, l.its_conversation) is distinct from l.conversation_id then 'parent'
                  when coalesce(m.id, l.new_parent) >= l.id then 'created_at' end as fault
        from related l
        left join lateral (select m.id, m.conversation_id from chat.messages m
                            where m.user_id = p_user_id and m.id = l.old_parent offset 0) m on true
    ), named as (
      insert into chat.message_client_ids (user_id, client_id, message_id, fingerprint)
      select p_user_id, l.client_id, l.id,
             sha256(convert_to(jsonb_build_array(
               l.conversation_id, l.item ->> 'role', l.item ->> 'content', nullif(l.item -> 'tool_calls', 'null'),
               l.item ->> 'tool_call_id', l.item ->> 'model', (l.item ->> 'prompt_tokens')::integer,
               (l.item ->> 'completion_tokens')::integer, l.parent_id, nullif(l.item -> 'metadata', 'null'),
               (l.item ->> 'pinned')::boolean)::text, 'UTF8'))
        from ready l
       where l.fault is null
       order by l.client_id
      on conflict do nothing
      returning message_id
    ), written as (
      insert into chat.messages
        (user_id, id, conversation_id, parent_id, client_id, role, content, tool_calls, tool_call_id, model,
         prompt_tokens, completion_tokens, metadata, pinned, created_at, edited_at, updated_at, version)
      select p_user_id, l.id, l.conversation_id, l.parent_id, l.client_id, l.item ->> 'role',
             coalesce(l.item ->> 'content', ''), nullif(l.item -> 'tool_calls', 'null'), l.item ->> 'tool_call_id',
             l.item ->> 'model', (l.item ->> 'prompt_tokens')::integer, (l.item ->> 'completion_tokens')::integer,
             coalesce(nullif(l.item -> 'metadata', 'null'), '{}'), coalesce((l.item ->> 'pinned')::boolean, false),
             l.created_at, (l.item ->> 'edited_at')::timestamptz,
             coalesce((l.item ->> 'edited_at')::timestamptz, l.created_at), coalesce((l.item ->> 'version')::integer, 1)
        from named w
        join ready l on l.id = w.message_id
       order by l.id
      returning 1
    )
    select (select count(*) from written), f.n, f.fault
      into messages, v_bad, v_field
      from (select 1) o
      left join (select l.n, l.fault from ready l where l.fault is not null order by l.n limit 1) f on true;
  exception
    when check_violation or not_null_violation or invalid_text_representation or numeric_value_out_of_range then
      perform core.check_import(p_items, p_line, true);
      raise;
  end;
  if v_field = 'created_at' then
    perform base.raise('VL001', 'A message must be younger than its parent', core.import_place(v_bad, p_line, v_field));
  elsif v_bad is not null then
    perform base.raise('NF001', case v_field when 'parent' then 'There is no such message in this conversation'
                                             else 'There is no such conversation' end,
                       core.import_place(v_bad, p_line, v_field));
  end if;

  -- Within one conversation there are few of what follows.
  if p_items @> '[{"type": "message", "pinned": true}]' then
    with told as (
      select e.n, m.id, m.conversation_id, row_number() over (partition by m.conversation_id order by e.n) as nth
        from (select e.n, e.item ->> 'client_id' as client_id
                from jsonb_array_elements(p_items) with ordinality as e (item, n)
               where e.item -> 'pinned' = 'true' offset 0) e
       cross join lateral (select k.message_id from chat.message_client_ids k
                            where k.user_id = p_user_id and k.client_id = e.client_id offset 0) k
       cross join lateral (select m.id, m.conversation_id, m.pinned from chat.messages m
                            where m.user_id = p_user_id and m.id = k.message_id offset 0) m
       where m.pinned
    )
    select min(t.n) into v_bad
      from told t
      join (select p.conversation_id, count(*) as others
              from chat.messages p
             where p.user_id = p_user_id and p.pinned and p.conversation_id in (select t.conversation_id from told t)
               and p.id not in (select t.id from told t)
             group by 1
            union all
            select distinct t.conversation_id, 0 from told t) o on o.conversation_id = t.conversation_id
     where t.nth + o.others > base.setting('chat.pin_limit')::integer;
    if v_bad is not null then
      perform base.raise('KC008', format('A conversation has at most %s pinned messages', base.setting('chat.pin_limit')),
                         core.import_place(v_bad, p_line, 'pinned'));
    end if;
  end if;

  with told as materialized (
    select e.item, e.n, (e.item ->> 'version')::integer as version,
           coalesce((select k.message_id from chat.message_client_ids k
                      where k.user_id = p_user_id and k.client_id = e.item ->> 'message'),
                    core.as_uuid(e.item ->> 'message')) as its_id
      from core.import_lines(p_items, 'edit') e
  ), line as materialized (
    select t.item, t.n, t.version, m.id as message_id,
           case when m.id is null then 'message' when t.version >= m.version then 'version' end as fault
      from told t
      left join lateral (select m.id, m.version from chat.messages m
                          where m.user_id = p_user_id and m.id = t.its_id offset 0) m on true
  ), written as (
    insert into chat.message_edits (user_id, message_id, version, content, tool_calls, written_at, edited_at)
    select p_user_id, l.message_id, l.version, coalesce(l.item ->> 'content', ''), nullif(l.item -> 'tool_calls', 'null'),
           coalesce((l.item ->> 'written_at')::timestamptz, now()), coalesce((l.item ->> 'edited_at')::timestamptz, now())
      from line l
     where l.fault is null
    on conflict do nothing
    returning 1
  )
  select (select count(*) from written), f.n, f.fault
    into edits, v_bad, v_field
    from (select 1) o
    left join (select l.n, l.fault from line l where l.fault is not null order by l.n limit 1) f on true;
  if v_field = 'version' then
    perform base.raise('VL001', 'version must be one that the message had before',
                       core.import_place(v_bad, p_line, v_field));
  elsif v_bad is not null then
    perform base.raise('NF001', 'There is no such message', core.import_place(v_bad, p_line, v_field));
  end if;

  summaries := 0;
  for v_told in
    with told as materialized (
      select e.item, e.n, e.item ->> 'conversation' as conversation,
             core.as_uuid(e.item ->> 'conversation') as its_id,
             coalesce((select k.message_id from chat.message_client_ids k
                        where k.user_id = p_user_id and k.client_id = e.item ->> 'until'),
                      core.as_uuid(e.item ->> 'until')) as until_id
        from core.import_lines(p_items, 'summary') e
    )
    select t.n, t.item ->> 'summary' as summary, c.id, m.id as until
      from told t
      left join lateral (select c.id from chat.conversations c
                          where c.user_id = p_user_id and c.status <> 'deleted'
                            and (c.client_id = t.conversation or c.id = t.its_id)
                          order by c.client_id = t.conversation desc nulls last limit 1) c on true
      left join lateral (select m.id from chat.messages m
                          where m.user_id = p_user_id and m.id = t.until_id and m.conversation_id = c.id offset 0) m on true
     order by t.n
  loop
    if v_told.until is null then
      perform base.raise('NF001', case when v_told.id is null then 'There is no such conversation'
                                       else 'There is no such message in this conversation' end,
                         core.import_place(v_told.n, p_line, case when v_told.id is null then 'conversation' else 'until' end));
    end if;
    update chat.conversations c set summary = v_told.summary, summary_until = v_told.until
     where c.user_id = p_user_id and c.id = v_told.id and c.summary is null;
    if found then
      summaries := summaries + 1;
    end if;
  end loop;

  existing := jsonb_array_length(p_items) - conversations - messages - edits - summaries;
  return next;
end
$$;

comment on function api.import_conversations(uuid, jsonb, integer) is
  'Takes a history over: conversations and messages with their times; what is there already stays as it is';
grant execute on function api.import_conversations(uuid, jsonb, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/conversations/import', 'api.import_conversations', permission => 'self:write',
                   lane => 'slow', lines => 'items');
