-- core.similar_words: words of the user's own messages that are written alike, and of nobody else's.
begin;
select plan(13);

select is(pg_get_function_arguments('core.similar_words'::regproc),
  'p_user_id uuid, p_words text[], p_similarity real, p_most integer', 'arguments');
select is(pg_get_function_result('core.similar_words'::regproc), 'TABLE(word text, similar_word text)', 'result');
select volatility_is('core', 'similar_words', array['uuid', 'text[]', 'real', 'integer'], 'stable');
select isnt_definer('core', 'similar_words', array['uuid', 'text[]', 'real', 'integer']);

\set anna 019e0000-0000-7000-8000-00000000c821
insert into auth.users (id, username, email) values
  (:'anna', 'tap_similar_anna', 'tap_similar_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000c822', 'tap_similar_ben', 'tap_similar_ben@example.org');
insert into chat.conversations (user_id, id, status, language) values
  (:'anna', '019e0000-0000-7000-8000-00000000c831', 'active', 'simple'),
  (:'anna', '019e0000-0000-7000-8000-00000000c832', 'deleted', 'simple'),
  ('019e0000-0000-7000-8000-00000000c822', '019e0000-0000-7000-8000-00000000c833', 'active', 'simple');
-- 1,500 messages between two old ones and one that is new.
insert into chat.messages (user_id, id, conversation_id, role, content, created_at)
select :'anna', base.id_at(now() - (1502 - n) * interval '1 minute'), '019e0000-0000-7000-8000-00000000c831', 'user',
       case n when 1 then 'zeppelin kubernetes' when 2 then 'xylophone' when 1502 then 'vector vectors victor receive recipe'
              else 'filler' end, now() - (1502 - n) * interval '1 minute'
  from generate_series(1, 1502) n;
insert into chat.messages (user_id, conversation_id, role, content) values
  (:'anna', '019e0000-0000-7000-8000-00000000c832', 'user', 'gone'),
  ('019e0000-0000-7000-8000-00000000c822', '019e0000-0000-7000-8000-00000000c833', 'user', 'secret kubernetis');

create function pg_temp.like(p_word text, p_similarity real default 0.5, p_most integer default 3) returns text[]
language sql volatile as $$
  select array(select s.similar_word from core.similar_words('019e0000-0000-7000-8000-00000000c821', array[p_word],
                                                             p_similarity, p_most) s)
$$;
set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-00000000c821';

select is(pg_temp.like('vectro'), '{vector}', 'one slip');
select is(pg_temp.like('vector'), '{vectors,victor}', 'slips, the most similar first, and not the word itself');
select is(pg_temp.like('vector', p_most => 1), '{vectors}', 'no more than asked for');
select is(pg_temp.like('recieve'), '{receive}', 'two swapped letters are nearer than other trigrams');
select is(pg_temp.like('recipes', 0.2), '{recipe,receive}', 'by trigrams');
select is(pg_temp.like('kubernets'), '{kubernetes}', 'a word of long ago, by its first letters');
select is(pg_temp.like('secrte'), '{}', 'nobody else''s words');
select is(pg_temp.like('gonne'), '{}', 'none of a deleted conversation');
select results_eq(
  $$ select s.word, s.similar_word from core.similar_words('019e0000-0000-7000-8000-00000000c821', '{xylophon,zepelin,none}',
                                                           0.5, 3) s order by 1 $$,
  $$ values ('xylophon', 'xylophone'), ('zepelin', 'zeppelin') $$, 'several at once');

select * from finish();
rollback;
