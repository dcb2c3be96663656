-- http.expose: makes a function a route. Stands at the end of the function's own file.
--
-- Rules   GET only for functions that do not write (STABLE or IMMUTABLE); only such answers are kept.
--         A route needs a caller unless it says auth => 'none'; a function that names p_user_id always does.
--         What manages credentials says auth => 'session', and auth => 'step_up' where a stolen session must not do.
--         result is read off the function when not given: a set is one object unless it has a cursor column (list).
--         'qr' has to be said: the text it returns goes out as the picture of a QR code.
--         'stream' has to be said: a history of any length, a JSON text a line. The layer asks for page after page,
--         each a call of its own, until one has no rows; so the function has an argument p_after and a column cursor,
--         and bounds its pages itself: a few hundred rows, some 256 kB. A single column besides cursor is the line.
--         One that writes (that somebody looked) is no GET. A page that was lost is asked for again, so what it writes
--         may
--         be there twice; and it touches no tag, since between pages no copy is made void.
--         lines names an argument of type jsonb: it also takes a body of one object a line (NDJSON), as lists of at
--         most 1,000, each a call and a transaction of its own with p_line, the number of its first line. The numbers
--         of their answers are added up. What comes twice does no harm: who was interrupted sends all of it again.
--         A permission is one of auth.permissions.
--         An answer of auth => 'none' is kept once for all callers, so its tags begin with all:, and of the request
--         nothing but the arguments may count in it.
--         once says whether a call may or must bring an Idempotency-Key. When not given, POST and PATCH of what writes
--         may, but not where anyone may call: such a route says 'may' if its arguments prove whose call it is (a
--         password, the token of a link), or its answer tells nothing. Where money moves, once is 'must'.
--         replica says whether a replica may answer; when not given, it may answer what only reads for a signed-in user
--         and is not kept. What shows sessions, credentials or limits says replica => false.
--         cost is how many units of its caller's limits a call uses.
--         The lane is read off the volatility when not given. Every {name} of the path is an argument p_name.
-- Errors  invalid_parameter_value when the route or its options make no sense: the deploy stops.
-- Locks   row of http.routes
-- Used by deploys only; granted to nobody else.
create or replace function http.expose(
  route      text,
  function   text,
  auth       text default 'user',
  permission text default null,
  status     integer default 200,
  result     text default null,
  lane       text default null,
  cache      integer default null,
  tags       text[] default '{}',
  once       text default null,
  replica    boolean default null,
  cost       integer default 1,
  lines      text default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_method text := split_part(route, ' ', 1);
  v_path   text := split_part(route, ' ', 2);
  v_proc   pg_proc;
  v_lane   text;
begin
  select p.* into v_proc from pg_proc p where p.oid = function::regproc;

  if v_method = 'GET' and v_proc.provolatile = 'v' then
    raise exception '% cannot answer %: it is not marked STABLE', function, route using errcode = '22023';
  end if;
  if auth = 'none' and 'p_user_id' = any (v_proc.proargnames) then
    raise exception '% names a user, so % needs auth => ''user''', function, route using errcode = '22023';
  end if;

  if exists (
    select from regexp_matches(v_path, '{([a-z_]+)}', 'g') as m
     where 'p_' || m[1] <> all (coalesce(v_proc.proargnames, '{}')))
  then
    raise exception '% has no argument for each {name} of %', function, route using errcode = '22023';
  end if;

  if auth = 'none' and cache is not null and 'all:' <> any (select left(t, 4) from unnest(tags) t) then
    raise exception '%: a copy for everybody depends on tags of all, such as all:prices', route using errcode = '22023';
  end if;

  if permission is not null then
    if not exists (select from auth.permissions k where k.name = permission) then
      raise exception '% asks for %, which auth.permissions does not know', route, permission using errcode = '22023';
    end if;
  end if;

  if result = 'stream' then
    if 'p_after' <> all (coalesce(v_proc.proargnames, '{}')) or not http.has_cursor(v_proc.oid) then
      raise exception '%: a stream has p_after and a column cursor', route using errcode = '22023';
    end if;
  end if;
  if lines is not null and not coalesce(v_proc.proargnames @> array['p_' || lines, 'p_line'], false) then
    raise exception '% has no arguments p_% and p_line, which take the lines of a body', function, lines
      using errcode = '22023';
  end if;

  v_lane := coalesce(lane, case when result = 'stream' then 'slow' when v_proc.provolatile = 'v' then 'write' else 'read' end);

  insert into http.routes
    (method, path, function_name, auth, permission, status, result, lane, once, cache_seconds, cache_tags, replica, cost,
     lines, file)
  values (
    v_method, v_path, function, auth, permission, status,
    coalesce(result, case
      when v_proc.prorettype = 'void'::regtype then 'none'
      when http.has_cursor(v_proc.oid) then 'list'
      when v_proc.proretset then 'one'
      else 'value' end),
    v_lane, coalesce(once, case when v_method in ('POST', 'PATCH') and lines is null and v_lane <> 'read' and auth <> 'none'
                                     and v_proc.provolatile = 'v' and result is distinct from 'stream'
                                then 'may' else 'never' end), cache, tags,
    coalesce(replica, v_lane = 'read' and auth = 'user' and cache is null and v_proc.provolatile <> 'v'),
    cost, lines,
    coalesce(nullif(current_setting('plinth.file', true), ''), 'psql'));
end
$$;

comment on function http.expose(text, text, text, text, integer, text, text, integer, text[], text, boolean, integer, text) is
  'Registers a route for a function; called from the function''s own file';
