-- core.function_parts: takes the body of a function apart, whether SQL or PL/pgSQL.
--
-- Returns  One row per part, in the order of the text. kind says what it is:
--          variable    declared here: its name, its type, and in code what it begins with
--          assigned    the variable of that name changes here, or the one before or behind its dot; code is the query
--                      that fills it, if one does
--          query       code is a statement of SQL, without INTO; an expression with a query in it is made a SELECT
--          expression  asks no table by itself, but may call functions that do
--          dynamic     EXECUTE: the text of the statement comes about only when it runs
--          line counts as in PostgreSQL's own messages; written is the part as it stands in the body.
create or replace function core.function_parts(p_function oid)
returns table (line integer, kind text, name text, type text, written text, code text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_all       text[];
  v_word      text[];     -- tokens without white space and comments, in lower case
  v_at        integer[];  -- where each stands among all
  v_line      integer[];
  v_declaring boolean := false;
  v_first     integer := 1;
  v_from      integer;    -- where the code begins
  v_next      integer;    -- the word that ends the part
  v_stop      text;
  v_depth     integer;
  v_cases     integer;
  v_into      integer;
  v_targets   text[];
  v_last      integer;
begin
  select core.sql_tokens(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) || ';') into v_all
    from pg_proc p where p.oid = p_function;
  select array_agg(case when t.token ~ '^[a-zA-Z_]' then lower(t.token) else t.token end order by t.n),
         array_agg(t.n order by t.n), array_agg(t.line order by t.n)
    into v_word, v_at, v_line
    from (select a.token, a.n::integer as n,
                 1 + (sum(length(a.token) - length(replace(a.token, E'\n', ''))) over (order by a.n))::integer as line
            from unnest(v_all) with ordinality as a (token, n)) as t
   where t.token !~ '^(\s|--|/\*)';

  while v_first <= cardinality(v_word) loop
    line := v_line[v_first];
    kind := null;
    name := null;
    type := null;
    v_into := null;
    v_from := v_first + 1;

    case
      when v_word[v_first] = '#' then  -- #variable_conflict …
        v_first := v_first + 3;
        continue;
      when v_word[v_first] = '<<' then
        v_first := v_first + 3;
        continue;
      when v_word[v_first] in (';', 'begin', 'atomic', 'declare', 'else', 'loop', 'exception') then
        v_declaring := v_word[v_first] = 'declare' or v_declaring and v_word[v_first] = ';';
        v_first := v_first + 1;
        continue;
      when v_declaring then
        kind := 'variable';
        v_stop := ';';
      when v_word[v_first] in ('if', 'elsif', 'elseif', 'when') then
        v_stop := 'then';
      when v_word[v_first] = 'case' then
        v_stop := 'when';
      when v_word[v_first] in ('for', 'foreach', 'while') then
        v_stop := 'loop';
      else
        v_stop := ';';
    end case;

    v_next := v_first + case when v_word[v_first:v_first + 1] = '{end,case}' then 2 else 1 end;
    v_depth := 0;
    v_cases := 0;
    while v_next < cardinality(v_word) and (v_depth > 0 or v_cases > 0 or v_word[v_next] <> v_stop) loop
      v_depth := v_depth + case when v_word[v_next] in ('(', '[') then 1 when v_word[v_next] in (')', ']') then -1 else 0 end;
      v_cases := v_cases + case when v_word[v_next] = 'case' then 1 when v_word[v_next] = 'end' then -1 else 0 end;
      if v_depth = 0 and v_word[v_next] = 'into' and v_word[v_next - 1] not in ('insert', 'merge') then
        v_into := v_next;
      end if;
      v_next := v_next + 1;
    end loop;

    case
      when kind = 'variable' and 'cursor' = any (v_word[v_first + 1:v_first + 3]) or v_word[v_first] = 'open' then
        v_from := coalesce((select min(n) + 1 from generate_series(v_first, v_next) n where v_word[n] = 'for'), v_next);
        kind := case when v_word[v_from] = 'execute' then 'dynamic' when v_from < v_next then 'query' end;
      when kind = 'variable' then
        name := v_word[v_first];
        v_from := v_first + case v_word[v_first + 1] when 'constant' then 2 else 1 end;
        v_into := (select min(n) from generate_series(v_from, v_next) n
                    where v_word[n] in (':=', '=', 'default', 'not', ';'));
        type := core.joined(v_all, v_at[v_from], v_at[v_into - 1]);
        v_from := (select min(n) + 1 from generate_series(v_into, v_next) n
                    where v_word[n] in (':=', '=', 'default', ';'));
        v_into := null;
      when v_word[v_first] in ('end', 'null', 'fetch', 'close', 'move', 'commit', 'rollback') then
        v_from := v_next;
      when v_word[v_first] in ('select', 'with', 'insert', 'update', 'delete', 'merge', 'values', 'table', '(') then
        kind := 'query';
        v_from := v_first;
      when v_word[v_first] = 'execute' or v_word[v_first] = 'return' and v_word[v_first + 2] = 'execute' then
        kind := 'dynamic';
      when v_word[v_first] = 'return' and v_word[v_first + 1] = 'query' then
        kind := 'query';
        v_from := v_first + 2;
      when v_word[v_first] = 'return' and v_word[v_first + 1] = 'next' then
        v_from := v_first + 2;
      when v_word[v_first] = 'get' then
        return query select v_line[v_first], 'assigned', v_word[n - 1], null::text, null::text, null::text
                       from generate_series(v_first, v_next) n where v_word[n] in ('=', ':=');
        v_from := v_next;
      when v_word[v_first] in ('for', 'foreach') then
        v_from := (select min(n) + 1 from generate_series(v_first, v_next) n where v_word[n] in ('in', 'array'));
        if '..' = any (v_word[v_from:v_next]) then
          return query select line, 'variable', v_word[v_first + 1], 'integer', null::text, null::text;
        elsif v_word[v_from] = 'execute' then
          kind := 'dynamic';
        elsif v_word[v_from] in ('select', 'with', 'insert', 'update', 'delete', 'merge', 'values', 'table', '(') then
          kind := 'query';
        end if;
        return query select line, 'assigned', v_word[v_first + 1], null::text, null::text,
                            core.joined(v_all, v_at[v_from], v_at[v_next - 1]) where kind = 'query';
      when v_word[v_first] in ('perform', 'call', 'return', 'if', 'elsif', 'elseif', 'when', 'case', 'while', 'exit',
                               'continue', 'raise', 'assert') then
        null;  -- an expression is all that follows
      else  -- what is left assigns: target, := or =, expression
        v_from := (select min(n) + 1 from generate_series(v_first, v_next) n where v_word[n] in (':=', '='));
        return query select line, 'assigned', v_word[n], null::text, null::text, null::text
                       from generate_series(v_first, v_from - 2, 2) n;
    end case;

    written := core.joined(v_all, v_at[v_first], v_at[v_next - 1]);
    code := core.joined(v_all, v_at[v_from], v_at[v_next - 1]);
    if v_into is not null and kind in ('query', 'dynamic') then
      -- INTO a, b.c: names with commas and dots between them, and the first of what follows is neither.
      v_targets := '{}';
      v_last := v_into + case v_word[v_into + 1] when 'strict' then 2 else 1 end;
      loop
        v_targets := v_targets || v_word[v_last];
        while v_word[v_last + 1] = '.' loop
          v_last := v_last + 2;
          v_targets := v_targets || v_word[v_last];
        end loop;
        exit when v_word[v_last + 1] <> ',';
        v_last := v_last + 2;
      end loop;
      code := core.joined(v_all, v_at[v_from], v_at[v_into - 1]) || E'\n'
           || core.joined(v_all, v_at[v_last] + 1, v_at[v_next - 1]);
      return query select line, 'assigned', t, null::text, null::text, case when kind = 'query' then code end
                     from unnest(v_targets) t;
    end if;

    if kind = 'variable' then
      return next;
      kind := null;
    end if;
    if kind is null and code <> '' then
      kind := case when 'select' = any (v_word[v_from:v_next]) or 'from' = any (v_word[v_from:v_next])
                   then 'query' else 'expression' end;
      if kind = 'query' then
        code := 'select ' || code;
      end if;
    end if;
    if kind is not null then
      return next;
    end if;
    v_first := v_next + case when v_stop = 'when' then 0 else 1 end;
  end loop;
end
$$;

comment on function core.function_parts(oid) is 'The declarations and statements in the body of a function';
