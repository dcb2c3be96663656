-- core.pattern_fault: why a regular expression may not stand in a JSON Schema; NULL: it may.
--
-- Rules   It is one of PostgreSQL (which reads those of JavaScript, but for a few), found anywhere in the text like
--         all patterns of JSON Schema. What makes a match take more than a time that grows with the text, or its
--         preparation long, is refused: back references; looks ahead or behind anywhere but at the beginning,
--         right behind ^, where each is asked once and not at every character, and looks inside of them; more than 500
--         characters, also when repetition counts are written out; more than 50 parts that may be left out (by ?, *,
--         {0,…} or an empty choice), counted alike, since what is prepared grows with the cube of their number.
create or replace function core.pattern_fault(p_pattern text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_token constant text := '\\(?:x[0-9a-fA-F]+|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|c?.)'  -- an escape
                        || '|\[\^?\]?(?:\[[:.=][^]]*[:.=]\]|\\.|[^]\\])*\]'            -- a choice of characters
                        || '|\(\?<?[=!]|\(\?#[^)]*\)|\(\?:|[*+?]\??|\{[0-9]+(?:,[0-9]*)?\}\??|.';
  v_token text;
  v_looks boolean := false;     -- whether a look may stand here
  v_size  numeric[] := '{0}';   -- of each group that is open, the outermost first: characters when it is written out
  v_free  numeric[] := '{0}';   -- and parts of it that may be left out
  v_empty boolean[] := '{t}';   -- and whether the choice that is read has nothing yet
  v_last  numeric := 0;         -- the same of what a repetition would repeat
  v_loose numeric := 0;
  v_level integer := 1;
  v_count text[];
  v_times numeric;
begin
  if length(p_pattern) > 500 then
    return 'must have at most 500 characters';
  end if;
  if p_pattern ~ '^\*\*\*|^\(\?[a-z]+\)' then
    return 'must begin with no options';
  end if;

  for v_token in select m[1] from regexp_matches(p_pattern, '(' || c_token || ')', 'g') m loop
    if v_token ~ '^\\[1-9]' then
      return 'must have no back references';
    elsif v_token ~ '^\(\?<?[=!]' and not (v_looks and v_level = 1) then
      return 'must look ahead or behind only at its beginning, right behind ^, and not within another look';
    end if;
    v_count := regexp_match(v_token, '^\{([0-9]+)(,?)([0-9]*)\}');
    if v_token ~ '^[*?]' then
      v_loose := v_loose + 1;
    elsif v_token like '+%' then
      null;
    elsif v_count is not null then
      v_times := greatest(v_count[1]::numeric, nullif(v_count[3], '')::numeric, 1);
      v_last := v_last * v_times;
      v_loose := v_loose * v_times + (v_count[2] = ',' or v_times > v_count[1]::numeric)::integer;
    else
      -- What was read last is repeated no more.
      v_size[v_level] := v_size[v_level] + v_last;
      v_free[v_level] := v_free[v_level] + v_loose;
      v_last := 0;
      v_loose := 0;
      if v_token in ('|', ')') and v_empty[v_level] then
        v_free[v_level] := v_free[v_level] + 1;
      end if;
      if v_token = ')' and v_level > 1 then
        v_last := v_size[v_level];
        v_loose := v_free[v_level];
        v_level := v_level - 1;
        v_empty[v_level] := false;
      elsif v_token like '(%' and v_token not like '(?#%' then
        v_looks := v_looks and v_token ~ '[=!]$';
        v_level := v_level + 1;
        v_size[v_level] := 0;
        v_free[v_level] := 0;
        v_empty[v_level] := true;
      elsif v_token = '|' then
        v_empty[v_level] := true;
      elsif v_token not in ('^', '$') then
        v_last := 1;
        v_empty[v_level] := false;
      end if;
    end if;
    if v_level = 1 then
      v_looks := v_token = '^' and v_size[1] + v_last = 0 or v_looks and v_token = ')';
    end if;
  end loop;

  if (select sum(s) from unnest(v_size[:v_level]) s) + v_last > 500 then
    return 'must have at most 500 characters when its repetition counts are written out';
  elsif (select sum(f) from unnest(v_free[:v_level]) f) + v_loose > 50 then
    return 'must have at most 50 parts that may be left out';
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
