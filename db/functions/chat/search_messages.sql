-- api.search_messages: messages of the caller that have the words asked for, the best first.
--
-- Rules   query is what people type: words that must all be there, "a phrase", -not, or. mode says how words are taken:
--         web, as they are; prefix, the last one as a beginning (for search as you type); fuzzy, similar ones as well.
--         Where nothing is found, words that are in none of the caller's messages are replaced by the nearest that are,
--         unless correct is false. searched shows what was searched for in the end.
--         sort is rank or time, newest first. Ranked are the newest hits, 200 of them if no setting says otherwise, and
--         those are all that rank shows; ranked says how many they are. By time, all hits can be reached.
--         Deleted conversations are left out, archived ones where archived is false. from is included, to is not.
--         metadata: what a message's metadata must contain.
--         language: a text search configuration; that of the conversation, else the usual one, if not said.
--         highlight is html (escaped, hits in <mark>), text (as written, hits in **) or none.
--         after belongs to the sort, the query and the filters of the answer that it comes from.
--         A page ends early where http.page_bytes is reached, and goes on from there.
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation; VL001 query, mode, sort, role, metadata,
--         language, highlight, after or limit
create or replace function api.search_messages(
  p_user_id         uuid,
  p_query           text,
  p_limit           integer default 50,
  p_after           text default null,
  p_mode            text default 'web',
  p_sort            text default 'rank',
  p_conversation_id uuid default null,
  p_role            text default null,
  p_from            timestamptz default null,
  p_to              timestamptz default null,
  p_metadata        jsonb default null,
  p_archived        boolean default true,
  p_language        text default null,
  p_correct         boolean default true,
  p_highlight       text default 'html'
)
returns table (
  id                 uuid,
  conversation_id    uuid,
  conversation_title text,
  role               text,
  content            text,
  highlight          text,
  metadata           jsonb,
  created_at         timestamptz,
  edited_at          timestamptz,
  rank               real,
  ranked             integer,
  searched           text,
  corrected          boolean,
  cursor             text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Whether words were corrected, the rank and the id of the last row, the newest hit that was ranked.
  v_after     text[] := regexp_match(p_after,
    '^([01])~([0-9]{1,9}(?:\.[0-9]{1,9})?(?:e-[0-3]?[0-9])?)~([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'
    '~([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
  v_by_rank   boolean := p_sort = 'rank';
  v_config    regconfig;
  v_query     tsquery;
  v_loose     tsquery;
  v_corrected boolean := v_after[1] = '1' is true;
  v_most      integer;
  v_before    uuid;
  v_ids       uuid[];
  v_ranks     real[];
begin
  p_user_id := core.act_for(p_user_id);

  if p_mode is null or p_mode not in ('web', 'prefix', 'fuzzy') then
    perform base.raise('VL001', 'mode must be web, prefix or fuzzy', 'mode');
  end if;
  if p_sort is null or p_sort not in ('rank', 'time') then
    perform base.raise('VL001', 'sort must be rank or time', 'sort');
  end if;
  if p_role not in ('system', 'user', 'assistant', 'tool') then
    perform base.raise('VL001', 'role must be system, user, assistant or tool', 'role');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or octet_length(p_metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16,384 bytes', 'metadata');
  end if;
  if p_language not in (select c.cfgname from pg_ts_config c where c.cfgnamespace = 'pg_catalog'::regnamespace) then
    perform base.raise('VL001', 'language must be a text search configuration, such as english, german or simple', 'language');
  end if;
  if p_highlight is null or p_highlight not in ('html', 'text', 'none') then
    perform base.raise('VL001', 'highlight must be html, text or none', 'highlight');
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform base.raise('VL001', 'limit must be from 1 to 1,000', 'limit');
  end if;
  if p_after is not null and v_after is null then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;
  if p_conversation_id is not null then
    p_language := coalesce(p_language, (core.require_conversation(p_user_id, p_conversation_id)).language);
  end if;

  v_config := chat.search_config(coalesce(p_language, base.setting('chat.language')));
  v_query := core.search_query(p_query, v_config, p_mode);
  if numnode(v_query) = 0 then
    return;
  end if;
  if p_mode = 'fuzzy' then
    v_query := core.loosened_query(p_user_id, v_query, p_query, v_config, true);
  end if;

  v_most := case when v_by_rank then greatest(base.setting('search.ranked')::integer, p_limit) else p_limit end;
  v_before := base.first_id(p_to);
  if v_by_rank then
    -- The same hits as on the first page: none that is newer than its newest.
    v_before := least(v_before, (select m.id from chat.messages m
                                  where m.user_id = p_user_id and m.id > v_after[4]::uuid order by m.id limit 1));
  else
    v_before := least(v_before, v_after[3]::uuid);
  end if;

  loop
    if v_corrected then
      v_loose := core.loosened_query(p_user_id, v_query,
        case p_mode when 'prefix' then regexp_replace(p_query, '\S+$', '') else p_query end, v_config, false);
      -- Nothing is written like it, so there is nothing new to look for.
      exit when v_loose = v_query and p_after is null;
      v_query := v_loose;
    end if;
    select array_agg(f.id), array_agg(f.rank) into v_ids, v_ranks
      from core.find_messages(p_user_id, v_query, v_most, v_before, base.first_id(p_from),
                              p_conversation_id, p_role, p_metadata, coalesce(p_archived, true)) f;
    exit when v_ids is not null or v_corrected or p_after is not null or p_mode = 'fuzzy' or not p_correct;
    v_corrected := true;
  end loop;

  -- "offset 0": each is looked up by its key. Of a user with many the planner might read all.
  return query
    select h.id, h.conversation_id, c.title, h.role, h.content,
           core.highlight(chat.search_config(c.language), h.content, v_query, p_highlight),
           h.metadata, h.created_at, h.edited_at, h.rank, case when v_by_rank then cardinality(v_ids) end,
           v_query::text, v_corrected,
           concat_ws('~', v_corrected::integer, h.rank, h.id, v_ids[1])
      from (select m.id, m.conversation_id, m.role, m.content, m.metadata, m.created_at, m.edited_at, f.rank,
                   sum(octet_length(m.content)) over (order by case when v_by_rank then f.rank end desc, f.id desc
                     rows between unbounded preceding and 2 preceding) as before
              from (select f.id, f.rank
                      from unnest(v_ids, v_ranks) as f (id, rank)
                     where p_after is null or not v_by_rank or (f.rank, f.id) < (v_after[2]::real, v_after[3]::uuid)
                     order by case when v_by_rank then f.rank end desc, f.id desc
                     limit p_limit) f
             cross join lateral (
               select k.id, k.conversation_id, k.role, k.content, k.metadata, k.created_at, k.edited_at from chat.messages k
                where k.user_id = p_user_id and k.id = f.id offset 0) m) h
     cross join lateral (
       select k.title, k.language from chat.conversations k
        where k.user_id = p_user_id and k.id = h.conversation_id offset 0) c
     where coalesce(h.before, 0) < http.page_bytes()
     order by case when v_by_rank then h.rank end desc, h.id desc;
end
$$;

comment on function
  api.search_messages(uuid, text, integer, text, text, text, uuid, text, timestamptz, timestamptz, jsonb, boolean, text,
                      boolean, text) is
  'Messages of the caller that have the words asked for, the best first, with the hits highlighted';
grant execute on function
  api.search_messages(uuid, text, integer, text, text, text, uuid, text, timestamptz, timestamptz, jsonb, boolean, text,
                      boolean, text)
  to plinth_web, plinth_operator;
select http.expose('GET /v1/messages/search', 'api.search_messages', lane => 'slow');
