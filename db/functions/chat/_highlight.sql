-- core.highlight: the piece of a text where a query hits, with the hits marked.
--
-- Rules   html: the text is escaped, so that a page can show it as it is, and hits stand in <mark>. text: as it was
--         written, with hits between **. none: NULL.
--         A text of up to 200 characters is shown whole, of a longer one up to two pieces with hits. Of one longer than
--         3,000 characters only 1,200 are looked at: those where the last of the words asked for first appears.
create or replace function core.highlight(p_config regconfig, p_text text, p_query tsquery, p_style text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Control characters stand for the marks, and for the most frequent of the signs that would hide words from the
  -- parser (see chat.search_text). What a text has of them is not shown.
  c_signs    constant text := '<./&~+-“”„‘’«»–—…•·→←✓✔✅❌│─';
  c_stand_in constant text := E'\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b'
                              '\x1c\x1d\x1e\x1f\x7f';
  c_options  constant text := E'StartSel="\x01", StopSel="\x02", '
    || case when length(p_text) <= 200 then 'HighlightAll=true'
            else 'MaxFragments=2, MaxWords=30, MinWords=10, ShortWord=0, FragmentDelimiter=" … "' end;
  v_text text;
begin
  if p_style = 'none' then
    return null;
  end if;
  if length(p_text) > 3000 then
    -- Lexemes are beginnings of words, but for their last letter.
    p_text := substr(p_text, greatest(1, -300 + coalesce((
      select max(nullif(position(left(w[1], greatest(3, length(w[1]) - 1)) in lower(p_text)), 0))
        from regexp_matches(querytree(p_query), '''([^'']+)''', 'g') w), 1)), 1200);
  end if;

  v_text := translate(p_text, c_signs || c_stand_in || E'\x01\x02', c_stand_in);
  v_text := translate(ts_headline(p_config, v_text, p_query, c_options), c_stand_in, c_signs);
  if p_style = 'html' then
    v_text := replace(replace(replace(replace(replace(v_text,
      '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
    return replace(replace(v_text, E'\x01', '<mark>'), E'\x02', '</mark>');
  end if;
  return replace(replace(v_text, E'\x01', '**'), E'\x02', '**');
end
$$;

comment on function core.highlight(regconfig, text, tsquery, text) is
  'The piece of a text where a query hits, with the hits marked';
grant execute on function core.highlight(regconfig, text, tsquery, text) to plinth_system;
