-- core.similar_words: for each of some words, words of the user's own messages that are written alike, nearest first.
--
-- Rules   Alike is one slip away (a letter wrong, missing, too many, or two swapped), or similar by trigrams (pg_trgm).
--         Looked at are all words of the newest 1,000 messages, as long as they are no more than 40,000; and, whatever
--         their age, of the newest 100 messages that have a word with the same first three letters. No list of words is
--         kept for it: what was erased is gone, no user's words come near another's, and what is found here can be
--         found by a search.
-- Why enable_sort   As in core.find_messages.
create or replace function core.similar_words(p_user_id uuid, p_words text[], p_similarity real, p_most integer)
returns table (word text, similar_word text)
language sql
stable
rows 10
set search_path = pg_catalog, pg_temp
set enable_sort = off
as $$
  with asked as (
    select w as word, core.slip_pattern(w) as pattern from unnest(p_words) w
  ), known as (
    select unnest(tsvector_to_array(n.search)) as lexeme
      from (select r.search, r.conversation_id, sum(length(r.search)) over (order by r.id desc) as words
              from (select m.id, m.search, m.conversation_id from chat.messages m where m.user_id = p_user_id
                     order by m.id desc limit 1000) r) n
     where n.words <= 40000
       and (select c.status from chat.conversations c
             where c.user_id = p_user_id and c.id = n.conversation_id) <> 'deleted'
    union
    select l
      from asked a
     cross join lateral core.find_messages(p_user_id, format('%L:*', left(a.word, 3))::tsquery, 100) f
     cross join lateral (select k.search from chat.messages k where k.user_id = p_user_id and k.id = f.id offset 0) m
     cross join lateral unnest(tsvector_to_array(m.search)) l
     where l like left(a.word, 3) || '%'
  )
  select a.word, n.lexeme
    from asked a
   cross join lateral (
     select s.lexeme
       from (select k.lexeme, ext.similarity(k.lexeme, a.word) as similarity,
                    abs(length(k.lexeme) - length(a.word)) < 2 and k.lexeme ~ a.pattern as slip
               from known k
              where length(k.lexeme) between length(a.word) - 3 and length(a.word) + 3 and k.lexeme <> a.word
             offset 0) s
      where s.slip or s.similarity >= p_similarity
      order by s.slip desc, s.similarity desc, s.lexeme
      limit p_most) n
$$;

comment on function core.similar_words(uuid, text[], real, integer) is
  'For each of some words, words of the user''s own messages that are written alike';
