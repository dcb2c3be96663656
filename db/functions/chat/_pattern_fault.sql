-- core.pattern_fault: why a regular expression may not stand in a JSON Schema; NULL: it may.
--
-- Rules   It is one of PostgreSQL (which reads those of JavaScript, but for a few), found anywhere in the text like
--         all patterns of JSON Schema. What lets a match take for ever is refused: back references, more than 500
--         characters, repetition counts that multiply to more than 10,000, more than 4 looks ahead or behind. Without
--         them the engine matches in a time that grows with the text, and core.judge_json matches 4,096 characters.
create or replace function core.pattern_fault(p_pattern text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- An escaped backslash escapes nothing.
  v_plain text := replace(p_pattern, '\\', '');
begin
  if length(p_pattern) > 500 then
    return 'must have at most 500 characters';
  end if;
  if v_plain ~ '\\[1-9]' then
    return 'must have no back references';
  end if;
  if p_pattern ~ '^\*\*\*|^\(\?[a-z]+\)' then
    return 'must begin with no options';
  end if;
  if regexp_count(v_plain, '\(\?<?[=!]') > 4 then
    return 'must look ahead or behind 4 times at most';
  end if;
  if (select sum(log(greatest(r[2]::numeric, r[1]::numeric, 1)))
        from regexp_matches(v_plain, '\{([0-9]{1,6})(?:,([0-9]{0,6}))?\}', 'g') as m (all_of)
       cross join lateral (select array[m.all_of[1], nullif(m.all_of[2], '')] as r) b) > 4
  then
    return 'must have repetition counts that multiply to 10,000 at most';
  end if;
  begin
    perform '' ~ p_pattern;
  exception when invalid_regular_expression then
    return 'must be a regular expression';
  end;
  return null;
end
$$;

comment on function core.pattern_fault(text) is 'Why a regular expression may not stand in a JSON Schema; NULL: it may';
