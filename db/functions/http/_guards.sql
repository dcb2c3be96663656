-- http.guards: what the guards of all functions with a route say of their arguments, as JSON Schema: "if p_mode not in
-- ('web', 'prefix') then perform base.raise('VL001', …" is an enum. So what is refused is written once, where it is
-- refused.
--
-- Rules   A guard is what refuses on its own: between if, elsif, or, and then, before base.raise('VL…'. It compares an
--         argument (p_x), or a field of a row that was made of arguments (v_new.x), with what is written there:
--           not in ('a', 'b')   enum       not between 1 and 9, < 1, > 9   minimum, maximum
--           !~ '^[a-z]+$'       pattern    the same of length(), cardinality(), jsonb_array_length(): of its size
--           not <@ '{a,b}'      enum of the items            jsonb_typeof() <> 'object'   type
--         Guards of helpers hold for an argument that is handed to them, under its name or within a row; the nearest
--         counts.
--         An argument that is trimmed or put in lower case first, or may be '', is judged afterwards: nothing is said.
--         cleared is what nullif(p_x, '…') takes for nothing.
create or replace function http.guards()
returns table (function oid, argument text, schema jsonb)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive code as materialized (
    select p.oid, p.prosrc as text from pg_proc p
     where p.pronamespace in ('api'::regnamespace, 'core'::regnamespace)
  ),
  call as materialized (
    select c.oid as caller, h.oid as helper, array(
             select m.found[1] from regexp_matches(s.text, '\mp_([a-z_]+)', 'g') as m (found)
             union
             select a.attname::text
               from unnest(h.proargtypes::oid[]) as t (oid)
              cross join lateral (select coalesce(nullif(y.typelem, 0), y.oid) as oid from pg_type y where y.oid = t.oid offset 0) e
              cross join lateral (select y.typrelid from pg_type y where y.oid = e.oid offset 0) r
               join pg_attribute a on a.attrelid = r.typrelid and a.attnum > 0) as names
      from code c
     cross join lateral regexp_split_to_table(c.text, ';') as s (text)
     cross join lateral regexp_matches(s.text, '\mcore\.([a-z_0-9]+)\(', 'g') as f (found)
      join pg_proc h on h.pronamespace = 'core'::regnamespace and h.proname = f.found[1]
  ),
  reached (function, oid, names, depth) as (
    select p.oid, p.oid, array(select substr(a, 3) from unnest(p.proargnames[:p.pronargs]) a), 0
      from (select distinct q.function_name::regproc as oid from http.routes q) r join pg_proc p on p.oid = r.oid
    union
    select r.function, c.helper, n.names, r.depth + 1
      from reached r
      join call c on c.caller = r.oid
     cross join lateral (select array(select unnest(r.names) intersect select unnest(c.names) order by 1)) as n (names)
     where n.names <> '{}' and r.depth < 5
  ),
  written as (
    select c.oid, g.found[3] as name, g.found[2] as subject, g.found[4] as operator, g.found[5] as operand
      from code c
     cross join lateral regexp_matches(c.text,
             '\m(?:if|elsif|or)\s+(not\s+)?(?:(\w+)\()?(?:p_|[pv]_\w+\.)([a-z_]+)\)?\s+'
             '(not in|not between|is distinct from|<@|<>|!~|<|>)\s+(\(''[^()]*\)|\S+ and \S+|''[^'']*''|[0-9.]+)'
             '(?=\s+(?:or|then)\M[^;]*base\.raise\(''VL)', 'g') as g (found)
     -- What holds only together with something else says nothing by itself.
     where (g.found[1] is not null) = (g.found[4] = '<@')
       and g.found[5] ~ case g.found[4] when 'not between' then '^[^ ]+ and [^ ]+$' when 'not in' then '^\([^()]*\)$'
                                        when '<' then '^[0-9.]+$' when '>' then '^[0-9.]+$' when '<@' then '^''\{[^'']*\}''$'
                                        else '^''[^'']*''$' end
  ),
  changed as materialized (
    select c.oid, m.found[1] as name, null as cleared
      from code c
     cross join lateral regexp_matches(c.text, '[_.]([a-z_]+)\s*:=[^;]*\m(?:lower|btrim)\(', 'g') as m (found)
    union all
    select c.oid, m.found[1], ''
      from code c
     cross join lateral regexp_matches(c.text, '\mif p_([a-z_]+) = '''' then\s+(?!perform base\.raise)', 'g') as m (found)
  ),
  cleared as (
    select c.oid, m.found[1] as name, m.found[2] as text
      from code c
     cross join lateral regexp_matches(c.text,
             '\mnullif\((?:\w+\()?(?:p_|[pv]_\w+\.)([a-z_]+)(?:, [a-z_.]+)?\)?, ''([^'']*)''\)', 'g') as m (found)
    union all
    select c.oid, c.name, c.cleared from changed c where c.cleared is not null
  ),
  rule as (
    select distinct on (r.function, k.key, w.name)
           r.function, w.name, k.key, k.value
      from reached r
      join written w on w.oid = r.oid and w.name = any (r.names) and w.name <> 'after'
     cross join lateral (select case w.subject when 'length' then 'Length' when 'cardinality' then 'Items'
                                               when 'jsonb_array_length' then 'Items' else 'imum' end) as s (size)
     cross join lateral (values
       ('enum', case when w.operator = 'not in' then (
          select jsonb_agg(v.found[1]) from regexp_matches(w.operand, '''([^'']*)''', 'g') as v (found)) end),
       ('items', case when w.operator = '<@' then
          jsonb_build_object('type', 'string', 'enum', to_jsonb(btrim(w.operand, '''')::text[])) end),
       ('type', case when w.subject = 'jsonb_typeof' then to_jsonb(btrim(w.operand, '''')) end),
       ('pattern', case when w.operator = '!~' and w.operand !~ '\[\[' then to_jsonb(btrim(w.operand, '''')) end),
       ('min' || s.size, to_jsonb(case w.operator when '<' then w.operand
          when 'not between' then substring(w.operand from '^([0-9.]+) and ') end::numeric)),
       ('max' || s.size, to_jsonb(case w.operator when '>' then w.operand
          when 'not between' then substring(w.operand from ' and ([0-9.]+)$') end::numeric))) as k (key, value)
     where k.value is not null
       and coalesce(w.subject, 'length') in ('length', 'cardinality', 'jsonb_array_length', 'jsonb_typeof')
       and not exists (select from reached o join changed c on c.oid = o.oid
                        where o.function = r.function and c.name = w.name and c.name = any (o.names))
     order by r.function, k.key, w.name, r.depth
  )
  select a.function, a.name, jsonb_object_agg(a.key, a.value)
    from (
      select r.function, r.name, r.key, r.value from rule r
      union all
      select distinct r.function, c.name, 'cleared', case when c.text ~ '^[[{]' then c.text::jsonb else to_jsonb(c.text) end
        from reached r join cleared c on c.oid = r.oid and c.name = any (r.names)) a
   group by a.function, a.name
$$;

comment on function http.guards() is 'What the guards of functions with a route say of their arguments, as JSON Schema';
