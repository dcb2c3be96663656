-- core.bound_code: the code of one part of a function, each of the function's variables replaced: by a value where it
-- is known, else by a parameter of its type.
--
-- Rules   p_values says what stands for a variable: an expression, or ? and a type where its value is not known.
--         A name with the prefix of a variable (p_, v_, c_, tg_) or with the function's name before it is one, and so
--         are new, old and found. Any other name is a column unless p_also says that it is not.
--         A field of a record whose structure is not known becomes a parameter of its own.
create or replace function core.bound_code(p_code text, p_function text, p_values jsonb, p_also text[] default '{}')
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_all    text[] := core.sql_tokens(p_code);
  v_word   text[];
  v_at     integer[];
  v_i      integer := 1;
  v_name   text;
  v_value  text;
  v_before text;
  v_last   integer;
  v_list   boolean := false;  -- inside the column list of an INSERT, or of ON CONFLICT
  v_known  text[] := '{}';    -- what the parameters stand for: $1, $2, …
begin
  select array_agg(case when t.token ~ '^[a-zA-Z_]' then lower(t.token) else t.token end order by t.n),
         array_agg(t.n order by t.n)
    into v_word, v_at
    from unnest(v_all) with ordinality as t (token, n)
   where t.token !~ '^(\s|--|/\*)';

  while v_i <= cardinality(v_word) loop
    v_before := case when v_i > 1 then v_word[v_i - 1] else '' end;
    if v_word[v_i] = '(' then
      v_list := coalesce(v_before = 'conflict' or v_word[v_i - 2] = 'into'
                         or v_word[v_i - 4] = 'into' and v_word[v_i - 2] = '.'
                         or v_word[v_i - 6] = 'into' and v_word[v_i - 2] = 'as', false);
    elsif v_word[v_i] = ')' then
      v_list := false;
    end if;

    v_last := null;
    if v_before = '.' then
      null;
    elsif v_word[v_i] = p_function and v_word[v_i + 1] = '.' and p_values ? v_word[v_i + 2] then
      v_last := v_i + 2;
      v_name := v_word[v_i + 2];
    elsif p_values ? v_word[v_i] and not v_list
      and v_word[v_i + 1] is distinct from '(' and v_word[v_i + 1] is distinct from '=>'
      and (v_word[v_i] ~ '^([pvc]_|tg_|(new|old|found)$)'
           or v_word[v_i] = any (p_also) and v_before <> 'as'
              and not (v_before in ('set', ',') and v_word[v_i + 1] is not distinct from '='))
    then
      v_last := v_i;
      v_name := v_word[v_i];
    end if;

    if v_last is not null then
      v_value := p_values ->> v_name;
      if v_value = '?record' and v_word[v_last + 1] = '.' and v_word[v_last + 2] <> '*' then
        v_name := v_name || '.' || v_word[v_last + 2];
        v_last := v_last + 2;
        v_value := coalesce(p_values ->> v_name, '?');
      end if;
      if v_value like '?%' then
        if v_name <> all (v_known) then
          v_known := v_known || v_name;
        end if;
        v_value := '$' || array_position(v_known, v_name) || coalesce('::' || nullif(substr(v_value, 2), ''), '');
      end if;
      -- In its first token's place; the others of the name go.
      v_all[v_at[v_i]] := '(' || v_value || ')';
      for v_gone in v_at[v_i] + 1 .. v_at[v_last] loop
        v_all[v_gone] := '';
      end loop;
      v_i := v_last;
    end if;
    v_i := v_i + 1;
  end loop;
  return array_to_string(v_all, '');
end
$$;

comment on function core.bound_code(text, text, jsonb, text[]) is
  'The code of one part of a function with its variables replaced by values or parameters';
