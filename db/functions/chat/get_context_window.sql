-- api.get_context_window: what of a conversation to send to a model: the newest messages that fit into so many tokens,
-- oldest first, with what each costs.
--
-- Rules   Of one branch: up to leaf, a message of the conversation; without one, up to its newest.
--         Always part of it, and first to be paid for: the running summary, the system messages the conversation begins
--         with, and pinned messages of the branch. The rest is filled from the newest message backwards; what the
--         summary covers is not repeated.
--         A tool's results stay with the call they stand behind: all of it is part, or nothing.
--         Tokens as core.message_tokens has them; those of the summary are estimated alike.
--         A window has at most 10,000 messages, and chat.window_bytes of texts and calls, before JSON escapes them.
--         What kept older messages out, cut_by tells: tokens, bytes or messages; NULL: nothing did.
--         How many messages of the conversation are not part of it, left_out tells: those of other branches and those
--         the summary covers among them.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation, or leaf is no message of it; VL001 max_tokens
--         is not from 1 to 10,000,000, or has no room for what is always part; KC004 what is always part has more bytes
--         than a window
create or replace function api.get_context_window(
  p_user_id         uuid,
  p_conversation_id uuid,
  p_max_tokens      integer default 8000,
  p_leaf            uuid default null
)
returns table (
  conversation_id uuid,
  leaf            uuid,
  summary         text,
  summary_until   uuid,
  summary_tokens  integer,
  messages        json,
  message_count   integer,
  tokens          integer,
  left_out        bigint,
  cut_by          text
)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  c_most     constant integer := 10000;
  v_talk     chat.conversations;
  v_message  record;
  v_pinned   uuid[];
  v_chain    uuid[];  -- the branch from the leaf up to the main line, as far as somebody asks
  v_junction uuid;    -- where the branch leaves the main line
  v_always   uuid[];
  v_tokens   bigint;  -- what is left of both bounds
  v_bytes    bigint;
  v_ids      uuid[] := '{}';  -- what was met on the way back, newest first,
  v_whole    integer := 0;    -- and how many of them leave no result without its call
  v_role     text;
  v_page     refcursor;
  v_at       uuid;
  v_more     boolean;
begin
  p_user_id := core.act_for(p_user_id);
  if p_max_tokens is null or p_max_tokens not between 1 and 10000000 then
    perform base.raise('VL001', 'max_tokens must be from 1 to 10,000,000', 'max_tokens');
  end if;
  v_talk := core.require_conversation(p_user_id, p_conversation_id);
  if p_leaf is not null then
    perform from chat.messages m
      where m.user_id = p_user_id and m.id = p_leaf and m.conversation_id = p_conversation_id;
    if not found then
      perform base.raise('NF001', 'There is no such message in this conversation', 'leaf');
    end if;
  end if;
  conversation_id := p_conversation_id;
  leaf := coalesce(p_leaf, v_talk.last_message_id);

  -- Which pinned messages are on this branch, and whether the summary is of it, is seen from the leaf upwards.
  v_pinned := array(select m.id from chat.messages m
                     where m.user_id = p_user_id and m.conversation_id = p_conversation_id and m.pinned and m.id <= leaf);
  v_at := least((select min(p::text) from unnest(v_pinned) p)::uuid, v_talk.summary_until);
  with recursive up (id, parent_id, role) as (
    select m.id, m.parent_id, m.role from chat.messages m where m.user_id = p_user_id and m.id = leaf
    union all
    select m.id, m.parent_id, m.role
      from up u
     cross join lateral (select p.id, p.parent_id, p.role from chat.messages p
                          where p.user_id = p_user_id and p.id = u.parent_id offset 0) m
     where u.id > v_at or u.role = 'tool'
  )
  select array_agg(u.id), (array_agg(u.id) filter (where u.parent_id is null))[1] into v_chain, v_junction from up u;

  perform from chat.messages m
    where m.user_id = p_user_id and m.id = v_talk.summary_until
      and (m.id = any (v_chain) or m.parent_id is null and m.id <= v_junction);
  if found then
    summary := v_talk.summary;
    summary_until := v_talk.summary_until;
    summary_tokens := core.message_tokens('system', summary, null, null, null);
  end if;

  v_always := array(
    select a.id
      from (select m.id, bool_and(m.role = 'system') over (order by m.id) as leads
              from (select s.id, s.role from chat.messages s
                     where s.user_id = p_user_id and s.conversation_id = p_conversation_id and s.parent_id is null
                       and s.id >= v_talk.first_message_id and s.id <= leaf
                     order by s.id limit 20) m) a
     where a.leads
    union
    select g.id
      from chat.messages m
     cross join lateral core.tool_group(p_user_id, m.id, v_chain, v_junction) g (id)
     where m.user_id = p_user_id and m.id = any (v_pinned)
       and (m.id = any (v_chain) or m.parent_id is null and m.id <= v_junction));
  select p_max_tokens - coalesce(summary_tokens, 0)
           - coalesce(sum(core.message_tokens(m.role, m.content, m.tool_calls, m.prompt_tokens, m.completion_tokens)), 0),
         base.setting('chat.window_bytes')::bigint - coalesce(octet_length(summary), 0)
           - coalesce(sum(core.message_bytes(m.content, m.tool_calls)), 0)
    into v_tokens, v_bytes
    from chat.messages m where m.user_id = p_user_id and m.id = any (v_always);
  if v_tokens < 0 then
    perform base.raise('VL001', format(
      'max_tokens must have room for %s: the summary, the system messages at the beginning and the pinned ones',
      p_max_tokens - v_tokens), 'max_tokens');
  end if;
  if v_bytes < 0 then
    perform base.raise('KC004', format(
      'The summary, the system messages at the beginning and the pinned ones are %s bytes more than a window has; unpin some',
      -v_bytes));
  end if;

  -- Backwards until it is full: on the branch answer by answer, then along the main line. What is fetched is counted,
  -- and nothing is read ahead: the last messages may be large.
  v_at := leaf;
  v_more := leaf is not null;
  while v_more loop
    v_more := v_at is not null;
    if v_more then
      open v_page for
        select m.*
          from (select i.id from core.branch_ids(p_user_id, v_at, 100) i order by i.id desc offset 0) b
         cross join lateral (
           select m.id, m.parent_id, m.role, core.message_bytes(m.content, m.tool_calls) as bytes,
                  core.message_tokens(m.role, m.content, m.tool_calls, m.prompt_tokens, m.completion_tokens) as tokens
             from chat.messages m where m.user_id = p_user_id and m.id = b.id offset 0) m
         order by b.id desc;
    else
      open v_page for
        select m.id, m.parent_id, m.role, core.message_bytes(m.content, m.tool_calls) as bytes,
               core.message_tokens(m.role, m.content, m.tool_calls, m.prompt_tokens, m.completion_tokens) as tokens
          from chat.messages m
         where m.user_id = p_user_id and m.conversation_id = p_conversation_id and m.parent_id is null
           and m.id < v_ids[cardinality(v_ids)] and m.id >= v_talk.first_message_id
         order by m.id desc
         limit c_most;
    end if;
    loop
      fetch v_page into v_message;
      exit when not found;
      if v_message.id <= summary_until and v_role is distinct from 'tool' then
        v_more := false;
        exit;
      end if;
      v_ids := v_ids || v_message.id;
      v_role := v_message.role;
      v_at := v_message.parent_id;
      if v_message.id <> all (v_always) then
        v_tokens := v_tokens - v_message.tokens;
        v_bytes := v_bytes - v_message.bytes;
      end if;
      cut_by := case when v_tokens < 0 then 'tokens' when v_bytes < 0 then 'bytes'
                     when cardinality(v_ids) > c_most then 'messages' end;
      if cut_by is not null then
        v_ids := v_ids[:v_whole];
        v_more := false;
        exit;
      elsif v_role <> 'tool' then
        v_whole := cardinality(v_ids);
      end if;
    end loop;
    close v_page;
  end loop;

  select coalesce(json_agg(w order by w.id), '[]'), count(*), coalesce(sum(w.tokens), 0)
    into messages, message_count, tokens
    from (select m.id, m.parent_id, m.role, m.content, m.tool_calls, m.tool_call_id, m.pinned, m.created_at,
                 core.message_tokens(m.role, m.content, m.tool_calls, m.prompt_tokens, m.completion_tokens) as tokens
            from (select unnest(v_ids) union select unnest(v_always)) k (id)
           cross join lateral (
             select t.* from chat.messages t where t.user_id = p_user_id and t.id = k.id offset 0) m) w;
  tokens := tokens + coalesce(summary_tokens, 0);
  left_out := v_talk.message_count - message_count;
  return next;
end
$$;

comment on function api.get_context_window(uuid, uuid, integer, uuid) is
  'What of a conversation to send to a model: summary, pinned and newest messages that fit into so many tokens';
grant execute on function api.get_context_window(uuid, uuid, integer, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/conversations/{conversation_id}/context', 'api.get_context_window');
