-- core.password_score: how hard a password is to guess, 0 to 100, what makes it easy, and how many characters count.
--
-- Rules   What a guesser tries as one counts as one character: a common password, also backwards or with 4 for a and
--         0 for o; what an acquaintance knows (p_context, of 3 characters and more); a date; three and more characters
--         alike or in order, four and more along the keys. What comes again counts once. The score is what is left, in
--         bits, 96 of them being 100: an upper bound, for sentences from a book look like any other.
--         Reasons are written to stand after "must be more than".
create or replace function core.password_score(p_password text, variadic p_context text[] default '{}')
returns table (score integer, reasons text[], counted integer)
language plpgsql
stable
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Stands for what counts as one character; no password is written with it.
  c_mark    constant text := chr(1);
  c_rows    constant text := 'qwertyuiopasdfghjklzxcvbnm 1234567890-=';
  c_columns constant text := '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/';
  v_known   text := normalize(coalesce(p_password, ''), nfkc);
  v_text    text := lower(v_known);
  v_found   record;
  v_chars   text[];
  v_before  text;
  v_kind    text;
  v_last    text;
  v_run     integer := 1;
  v_bits    double precision;
begin
  reasons := '{}';

  v_before := v_text;
  for v_found in
    select distinct lower(normalize(c.word, nfkc)) as word from unnest(p_context || array['plinth']) as c (word)
     where length(c.word) >= 3
     order by 1 desc
  loop
    v_text := replace(v_text, v_found.word, c_mark);
  end loop;
  if v_text <> v_before then
    reasons := reasons || text 'your name, your address or the product''s name';
  end if;

  -- Longest first; the text and what it may be written for. A prefix sorts before what it begins: the bounds let the
  -- index find all that begin at one place at once.
  for v_round in 1 .. 3 loop
    select p.place, length(c.value) as size, v.n into v_found
      from unnest(array[v_text, translate(v_text, '4@83610$57+!', 'aabegiosstti'), translate(v_text, '1!|', 'lll'),
                        reverse(v_text)]) with ordinality as v (text, n)
     cross join generate_series(1, least(length(v_text), 64) - 7) as p (place)
      join auth.common_passwords c
        on c.value >= substr(v.text, p.place, 8) and c.value <= substr(v.text, p.place, 20)
       and starts_with(substr(v.text, p.place, 20), c.value)
     order by size desc, v.n
     limit 1;
    exit when not found;
    reasons := reasons || text 'a common password';
    if v_found.n = 4 then
      v_found.place := length(v_text) - v_found.place - v_found.size + 2;
    end if;
    v_text := overlay(v_text placing c_mark from v_found.place for v_found.size);
  end loop;

  v_before := v_text;
  v_text := regexp_replace(v_text,
    '(19|20)[0-9]{2}[-./]?[01]?[0-9][-./]?[0-3]?[0-9]|[0-3]?[0-9][-./]?[0-3]?[0-9][-./]?(19|20)[0-9]{2}|(19|20)[0-9]{2}',
    c_mark, 'g');
  if v_text <> v_before then
    reasons := reasons || text 'a date';
  end if;

  -- One step from each character to the next: alike, in order, or along the keys; runs of one kind of step.
  v_chars := string_to_array(v_text || c_mark || c_mark, null);
  v_text := '';
  for n in 1 .. cardinality(v_chars) loop
    v_kind := case
      when n = 1 or v_chars[n] = c_mark then null
      when v_chars[n] = v_chars[n - 1] then 'one character repeated'
      when v_chars[n - 1] || v_chars[n] ~ '^([a-z]{2}|[0-9]{2})$' and ascii(v_chars[n]) - ascii(v_chars[n - 1]) = 1
        or v_chars[n - 1] || v_chars[n] = '90' then 'a sequence'
      when v_chars[n - 1] || v_chars[n] ~ '^([a-z]{2}|[0-9]{2})$' and ascii(v_chars[n]) - ascii(v_chars[n - 1]) = -1
        or v_chars[n - 1] || v_chars[n] = '09' then 'a sequence backwards'
      when strpos(c_rows, v_chars[n - 1] || v_chars[n]) > 0 then 'a row of keys'
      when strpos(c_rows, v_chars[n] || v_chars[n - 1]) > 0 then 'a row of keys backwards'
      when strpos(c_columns, v_chars[n - 1] || v_chars[n]) > 0 then 'a column of keys'
      when strpos(c_columns, v_chars[n] || v_chars[n - 1]) > 0 then 'a column of keys backwards'
    end;
    if v_kind = v_last then
      v_run := v_run + 1;
    else
      if v_run >= (case when v_last ~ 'keys' then 4 else 3 end) then
        reasons := reasons || v_last;
        v_text := left(v_text, length(v_text) - v_run) || c_mark;
      end if;
      v_run := case when v_kind is null then 1 else 2 end;
    end if;
    v_last := v_kind;
    v_text := v_text || v_chars[n];
  end loop;
  v_text := left(v_text, -2);

  -- What comes again is known already: three characters in a row count once.
  counted := least(length(v_text), 2 + (select count(distinct substr(v_text, n, 3)) from generate_series(1, length(v_text) - 2) n));
  if counted * 4 < length(v_text) * 3 then
    reasons := reasons || text 'a repetition';
  end if;

  v_bits := counted * log(2.0, 1
    + case when v_known ~ '[a-z]' then 26 else 0 end
    + case when v_known ~ '[A-Z]' then 26 else 0 end
    + case when v_known ~ '[0-9]' then 10 else 0 end
    + case when v_known ~ '[ -/:-@[-`{-~]' then 33 else 0 end
    + case when v_known ~ '[^ -~]' then 100 else 0 end);
  score := coalesce(least(round(v_bits * 100 / 96), 100), 0);
  reasons := array(select r.reason from unnest(reasons) with ordinality as r (reason, n) group by 1 order by min(r.n));
  return next;
end
$$;

comment on function core.password_score(text, text[]) is
  'How hard a password is to guess, 0 to 100; what makes it easy; how many characters count';
grant execute on function core.password_score(text, text[]) to plinth_system;
