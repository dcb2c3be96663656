-- http.take: what the layer asks before it lets calls pass: so many units for each of these callers. One call takes all
-- that wait in one worker. What is granted is counted, and may be used for a second from when the layer asked.
--
-- Rules   Each item is a token's digest or NULL, the address, the route where it has limits of its own or '', how many
--         units all waiting calls need, how many the largest of them does, and how many of an earlier grant, made at
--         p_back_at, were not used: those are counted no more.
--         Granted is what fits into every window of every subject of the caller. While plenty is left it is more than
--         was asked for: a hundredth of what is left, so that not every call has to ask. Near a limit it is to the
--         unit.
--         A token that is unknown, expired or ended counts as none: its address does, and to the unit, since each
--         such token would hold a hundredth of what is left.
--         Whose row somebody else holds for longer than a moment is not waited for: granted is -1, and the others get
--         theirs. So no transaction that stays open holds up more than its own caller.
--         p_now, in seconds since 1970, is for tests; else it is the clock, read when the rows are locked.
-- Why offset 0, and enable_seqscan   As in http.enter.
-- Returns When it was granted; and, for each item a line: granted, limit (0: there is none), remaining, seconds until
--         some of it is free again, seconds to wait where not all was granted, and what the limit is then called;
--         and the routes that have limits of their own, a line each.
-- Locks   the rows of all subjects in ops.rate_limit_tracking, in their order
-- Owned by plinth_system: there is no caller yet; whose a token is comes out here.
create or replace function http.take(
  p_tokens    bytea[],
  p_addresses text[],
  p_routes    text[],
  p_units     integer[],
  p_most      integer[],
  p_back      integer[],
  p_back_at   bigint[],
  p_now       bigint default null
)
returns table (granted_at bigint, answers text, limited_routes text)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  c_widths  constant integer[] := array[1, 60, 1440, 1440];
  v_usual   bigint[] := core.usual_limits();
  v_items   integer := cardinality(p_units);
  v_user    uuid;
  v_key     uuid;
  v_subject record;
  v_users   uuid[] := '{}';
  v_all     text[] := '{}';
  v_limits  bigint[] := '{}';
  v_upto    integer[] := '{0}';
  v_first   integer;
  v_mine    text[];
  v_bounds  bigint[];
  v_windows ops.rate_window[];
  v_verdict record;
  v_granted bigint;
  v_surplus bigint;
  v_locked  text[];
  v_lines   text[] := '{}';
begin
  for i in 1 .. v_items loop
    v_user := null;
    v_key := null;
    if p_tokens[i] is not null then
      select s.user_id into v_user
        from (select * from auth.sessions t where t.token_hash = p_tokens[i] offset 0) s
       where s.ended_at is null and s.expires_at > now();
      if not found then
        select k.user_id, k.id into v_user, v_key
          from (select * from auth.api_keys a where a.secret_hash = p_tokens[i]
                union all
                select * from auth.api_keys a where a.previous_hash = p_tokens[i] and a.previous_expires_at > now()
                offset 0) k
         where k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now();
      end if;
    end if;
    v_subject := core.rate_subjects(v_user, v_key, p_addresses[i], p_routes[i], v_usual);
    v_all := v_all || v_subject.subjects;
    v_limits := v_limits || v_subject.limits;
    v_users := v_users || array_fill(v_user, array[cardinality(v_subject.subjects)]);
    v_upto := v_upto || cardinality(v_all);
  end loop;

  if v_all <> '{}' then
    begin
      perform set_config('lock_timeout', '50ms', true);
      perform core.lock_rate_limits(v_all, v_users);
      v_locked := v_all;
    exception when lock_not_available then
      -- What was new among them is undone as well, and new again; unless just that row is what somebody else holds.
      begin
        perform core.make_rate_limits(v_all, v_users);
      exception when lock_not_available then
        null;
      end;
      v_locked := array(select t.subject from ops.rate_limit_tracking t where t.subject = any (v_all)
                         order by t.subject collate "C" for no key update skip locked);
    end;
  end if;
  granted_at := coalesce(p_now, floor(extract(epoch from clock_timestamp())));

  for i in 1 .. v_items loop
    v_first := v_upto[i] + 1;
    if v_first > v_upto[i + 1] then
      v_lines := v_lines || format('%s 0 0 0 0 ', p_units[i]);
      continue;
    end if;
    v_mine := v_all[v_first : v_upto[i + 1]];
    if not v_mine <@ v_locked then
      v_lines := v_lines || '-1 0 0 0 0 '::text;
      continue;
    end if;
    v_bounds := v_limits[4 * v_first - 3 : 4 * v_upto[i + 1]];
    v_windows := core.rate_windows(v_mine, granted_at);

    if p_back[i] > 0 then
      for n in 1 .. cardinality(v_windows) loop
        continue when n % 4 = 0 or v_bounds[n] = 0;
        v_windows[n] := core.window_plus(v_windows[n], -p_back[i], p_back_at[i] / c_widths[n % 4]);
      end loop;
    end if;

    v_granted := 0;
    if p_units[i] > 0 then
      v_verdict := core.rate_verdict(v_bounds, v_windows, 1, null, granted_at);
      v_surplus := least(greatest(v_verdict.room - p_units[i], 0) / 100, 10000);
      if v_users[v_first] is null and p_tokens[i] is not null then
        v_surplus := 0;
      end if;
      v_granted := least(p_units[i] + v_surplus, v_verdict.room);
    end if;
    if v_granted > 0 then
      for n in 1 .. cardinality(v_windows) loop
        continue when n % 4 = 0 or v_bounds[n] = 0;
        v_windows[n] := core.window_plus(v_windows[n], v_granted);
      end loop;
    end if;
    if v_granted > 0 or p_back[i] > 0 then
      perform core.keep_rate_windows(v_mine, v_bounds, v_windows);
    elsif p_units[i] > 0 then
      perform core.follow_clock(v_mine, granted_at);
    end if;

    v_verdict := core.rate_verdict(v_bounds, v_windows, case when v_granted < p_units[i] then p_most[i] else 0 end,
                                   null, granted_at);
    v_lines := v_lines || format('%s %s %s %s %s %s', v_granted, coalesce(v_verdict.most, 0),
      coalesce(v_verdict.remaining, 0), coalesce(v_verdict.reset, 0), v_verdict.wait, case when v_verdict.wait > 0 then
        core.limit_words(v_mine[(v_verdict.place + 3) / 4], v_verdict.place % 4, v_verdict.most) end);
  end loop;

  answers := array_to_string(v_lines, E'\n');
  limited_routes := (select string_agg(r.route, E'\n') from ops.route_limits r);
  return next;
end
$$;

comment on function http.take(bytea[], text[], text[], integer[], integer[], integer[], bigint[], bigint) is
  'Grants units to callers, for a second, and counts them';
grant execute on function http.take(bytea[], text[], text[], integer[], integer[], integer[], bigint[], bigint)
  to plinth_web;
alter function http.take(bytea[], text[], text[], integer[], integer[], integer[], bigint[], bigint) owner to plinth_system;
