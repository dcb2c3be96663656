-- http.statement: the one statement of a route, as the layer prepares it. {args} is where the layer lists the arguments
-- that a request gave (", p_title => $3::text"), {limit} is the page size. p_once: for a call with an Idempotency-Key,
-- which is $3, as the digest of the arguments is $4. p_many: for several calls at once, each a row of {calls}, with
-- {names} behind those of its first three columns; only of what reads one object by at least one argument, else NULL.
--
-- Why this shape   The function hangs on the row of http.enter ("where e.proceed", p_user_id => e.user_id). Without
--   that, the planner may call the function first, and row-level security would see no caller. One object, one call:
--   (f(…)).* would call f once per column. "offset 0": else "where e.proceed" becomes a filter of the join, which is
--   looked at when the function has been called already.
--   What only reads proceeds always, and stands among the columns: without the join it costs a tenth less.
-- A page of a list ends at its limit, or with the row that reaches http.page_bytes. The first row beyond it ends the
--   count by which PostgreSQL stops ("Run Condition"): else 200 rows of a megabyte would all be made JSON for two. It
--   has a filter and no argument: PostgreSQL 16 stops by no count of an argument.
-- A stream is asked for a page at a time: its lines, and where the next one begins in place of a transaction id.
-- A line end between the parts of a JSON text is only white space; within a string it is escaped.
-- Many             One call after the other, in one transaction: the join is lateral, so http.enter makes its caller
--   the caller before his function runs, and the next one only after that. Nothing may sort between them. One that
--   fails fails all, and what one said of core.fresh_until counts for those behind it as well.
--   PostgreSQL runs a function in FROM once, and shows its rows again and again, unless its arguments are of the row
--   it is joined to, even a volatile one. So what can be called without an argument is never called for several: all
--   would be told what the first one was.
-- Columns          status, body, user id, seconds the session still lives (where the answer may be kept: or until it
--   changes by itself, see core.fresh_until), transaction id, touched tags; of many: and which call
create or replace function http.statement(
  p_route http.routes,
  p_once  boolean default false,
  p_many  boolean default false
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_function regproc := p_route.function_name::regproc;
  v_names    text[] := (select coalesce(p.proargnames, '{}') from pg_proc p where p.oid = v_function);
  v_call     text;
  v_columns  text;
  v_object   text;
  v_body     text;
begin
  if p_many and (p_route.lane <> 'read' or p_route.result in ('list', 'stream')
                 or exists (select from pg_proc p where p.oid = v_function and p.pronargs = p.pronargdefaults)) then
    return null;
  end if;

  -- What a request gave comes last, so that the layer sees from what stands before {args} whether a comma is needed.
  v_call := format('%s(%s{args})', p_route.function_name, concat_ws(', ',
    case when 'p_user_id' = any (v_names) then 'p_user_id => e.user_id' end,
    case when p_route.result = 'list' then 'p_limit => http.page_limit({limit}) + 1' end));

  if p_route.result = 'stream' then
    select case count(*) when 1 then format('to_json(x.%I)', max(c.name))
                         else format('(select to_json(i) from (select %s) i)', string_agg(format('x.%I', c.name), ', ')) end
      into v_object
      from http.result_columns(v_function) c where c.name <> 'cursor';

    return format(
      'select %s, b.lines, e.user_id, e.expires_in, b.next, null from %s e left join lateral ('
      'select string_agg(translate(r.line::text, E''\n\r'', ''  '') || E''\n'', '''' order by r.n) as lines, '
      '(array_agg(r.cursor order by r.n desc))[1] as next '
      'from (select row_number() over () as n, x.cursor, %s as line from %s x where e.proceed offset 0) r) b on true',
      p_route.status, http.entry(p_route, 'enter'), v_object, v_call);
  end if;

  if p_route.result = 'list' then
    select string_agg(format('x.%I', c.name), ', ') into v_columns
      from http.result_columns(v_function) c where c.name <> 'cursor';

    v_body := format(
      'select to_json(q)::text as body from ('
      'select coalesce(json_agg(r.item order by r.n) filter (where r.fits), ''[]'') as items, '
      'case when not bool_and(r.fits) then (array_agg(r.cursor order by r.n) '
      'filter (where r.fits))[count(*) filter (where r.fits)] end as next '
      'from (select r.*, count(*) filter (where not r.fits) over (rows unbounded preceding) as beyond '
      'from (select r.*, r.n <= http.page_limit({limit}) and coalesce(sum(octet_length(r.item::text)) '
      'over (rows between unbounded preceding and 1 preceding), 0) < http.page_bytes() as fits '
      'from (select row_number() over () as n, x.cursor, '
      '(select to_json(i) from (select %s) i) as item from %s x where e.proceed) r) r) r where r.beyond <= 1) q',
      v_columns, v_call);
  else
    -- The alias of a function with one column is that column and no row.
    select case count(*) when 1 then format('(select row_to_json(v)::text from (select x.%I) v)', max(c.name))
                         else 'row_to_json(x)::text' end
      into v_object
      from http.result_columns(v_function) c;

    v_body := format('select %s as body from %s x%s',
      case p_route.result
        when 'one' then v_object
        when 'qr' then 'x::text'
        when 'value' then '(select to_json(v)::text from (select x as value) v)'
        else 'null::text' end,
      v_call,
      case when p_route.lane <> 'read' or 'p_user_id' <> all (v_names) then ' where e.proceed offset 0' end);
  end if;

  -- What only reads has nothing to report at the way out.
  if p_route.lane = 'read' then
    return format('select %s, %s, e.user_id, %s, null, null%s e', p_route.status,
                  format(case when p_route.result = 'one' then 'coalesce((%s), http.nothing())' else '(%s)' end, v_body),
                  case when p_route.cache_seconds is null then 'e.expires_in' else
                    'case when current_setting(''plinth.fresh_until'', true) <> '''' then http.fresh_for(e.expires_in) '
                    'else e.expires_in end' end,
                  case when p_many then ', q.n from (values {calls}) q (n, token, context{names}) cross join lateral '
                    || replace(http.entry(p_route, 'enter'), '$1::bytea, $2::text', 'q.token, q.context')
                  else ' from ' || http.entry(p_route, 'enter') end);
  end if;

  v_body := format('from %s e left join lateral (%s) b on true',
                   http.entry(p_route, case when p_once then 'enter_once' else 'enter' end), v_body);
  return 'select l.status, l.body, e.user_id, e.expires_in, l.xid, l.tags ' || v_body
      || format(' cross join lateral http.%s%s, b.body) l',
                case when p_once then 'leave_once(e.once, ' else 'leave(' end, p_route.status);
end
$$;

comment on function http.statement(http.routes, boolean, boolean) is 'The statement a route is answered with';
