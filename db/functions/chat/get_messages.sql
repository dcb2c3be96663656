-- api.get_messages: the messages of a conversation in the order of writing or against it, page by page.
--
-- Rules   order is desc (newest first) or asc. Of all branches; with p_branch, the message a branch ends with, only the
--         way to it: up to the main line, and what comes before that on it.
--         Ids grow in the order of writing: with order asc, after = the id of the last message seen goes on from there.
--         A page ends early where http.page_bytes is reached, and goes on from there.
-- Why the bounds   A page is looked for where it is likely to be, from the first or last message on in steps that grow:
--         so few partitions are opened, however old or long the conversation is. A way to a message has two stretches,
--         its own and the main line up to where that begins: what the main line goes on with is never looked through.
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation, or the message branch names is not in it;
--         VL001 order, role or after
create or replace function api.get_messages(
  p_user_id         uuid,
  p_conversation_id uuid,
  p_order           text default 'desc',
  p_role            text default null,
  p_branch          uuid default null,
  p_after           text default null,
  p_limit           integer default 50
)
returns table (
  id                uuid,
  conversation_id   uuid,
  parent_id         uuid,
  client_id         text,
  role              text,
  content           text,
  tool_calls        jsonb,
  tool_call_id      text,
  model             text,
  prompt_tokens     integer,
  completion_tokens integer,
  metadata          jsonb,
  pinned            boolean,
  created_at        timestamptz,
  edited_at         timestamptz,
  updated_at        timestamptz,
  version           integer,
  cursor            text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_down   boolean := coalesce(p_order, 'desc') = 'desc';
  v_span   interval := '30 days';
  v_low    uuid;
  v_high   uuid;
  v_edge   uuid;
  v_page   refcursor;
  v_size   bigint := 0;
  v_full   boolean := false;
  v_branch uuid[];
  v_main   uuid;
  v_own    boolean := false;  -- on the branch's own stretch, behind the main line
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_after(p_after);
  if p_order not in ('asc', 'desc') then
    perform base.raise('VL001', 'order must be asc or desc', 'order');
  end if;
  perform core.check_message(p_role, null, null, null, null, null, null, null);

  select c.first_message_id, c.last_message_id into v_low, v_high from chat.conversations c
   where c.user_id = p_user_id and c.id = p_conversation_id and c.status <> 'deleted';
  if not found then
    perform base.raise('NF001', 'There is no such conversation', 'conversation_id');
  end if;
  if p_after is not null then
    if v_down then
      v_high := least(v_high, p_after::uuid);
    else
      v_low := greatest(v_low, p_after::uuid);
    end if;
  end if;

  if p_branch is not null then
    perform from chat.messages m
      where m.user_id = p_user_id and m.id = p_branch and m.conversation_id = p_conversation_id;
    if not found then
      perform base.raise('NF001', 'There is no such message in this conversation', 'branch');
    end if;
    select array_agg(b.id order by case when v_down then b.id end desc, b.id) filter (where not b.on_main_line),
           max(b.id::text) filter (where b.on_main_line)::uuid
      into v_branch, v_main
      from core.branch_ids(p_user_id, p_branch) b;
    v_high := least(v_high, p_branch);
    v_own := v_main < case when v_down then v_high else v_low end;
  end if;

  -- No id lies on an edge, which has no version.
  while p_limit > 0 and v_low <= v_high loop
    if v_own then
      open v_page for
        select d.*
          from unnest(v_branch) with ordinality b (id, n)
         cross join lateral (select * from core.message_details m where m.id = b.id offset 0) d
         where b.id between v_low and v_high
           and (p_after is null or d.id <> p_after::uuid) and (p_role is null or d.role = p_role)
         order by b.n
         limit p_limit;
    elsif v_down then
      v_edge := greatest(v_low, base.first_id(base.time_of(v_high) - v_span));
      open v_page for
        select d.*
          from core.message_details d
         where d.conversation_id = p_conversation_id and d.id >= v_edge and d.id <= v_high
           and (p_after is null or d.id <> p_after::uuid) and (p_role is null or d.role = p_role)
           and (p_branch is null or d.parent_id is null)
         order by d.id desc
         limit p_limit;
    else
      v_edge := least(v_high, v_main, base.first_id(base.time_of(v_low) + v_span));
      open v_page for
        select d.*
          from core.message_details d
         where d.conversation_id = p_conversation_id and d.id >= v_low and d.id <= v_edge
           and (p_after is null or d.id <> p_after::uuid) and (p_role is null or d.role = p_role)
           and (p_branch is null or d.parent_id is null)
         order by d.id
         limit p_limit;
    end if;
    loop
      fetch v_page into id, conversation_id, parent_id, client_id, role, content, tool_calls, tool_call_id, model,
        prompt_tokens, completion_tokens, metadata, pinned, created_at, edited_at, updated_at, version;
      exit when not found;
      cursor := id;
      return next;
      p_limit := p_limit - 1;
      if v_full then
        return;
      end if;
      v_size := v_size + octet_length(content) + coalesce(octet_length(tool_calls::text), 0);
      v_full := v_size >= http.page_bytes();
    end loop;
    close v_page;
    if v_own then
      exit when not v_down;
      v_own := false;
      v_high := v_main;
    elsif not v_down and v_edge = v_main then
      v_own := true;
      v_low := v_main;
    else
      exit when v_edge = case when v_down then v_low else v_high end;
      v_high := case when v_down then v_edge else v_high end;
      v_low := case when v_down then v_low else v_edge end;
      v_span := v_span * 4;
    end if;
  end loop;
end
$$;

comment on function api.get_messages(uuid, uuid, text, text, uuid, text, integer) is
  'The messages of a conversation, the last one written first';
grant execute on function api.get_messages(uuid, uuid, text, text, uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/conversations/{conversation_id}/messages', 'api.get_messages');
