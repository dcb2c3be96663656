-- core.export_lines: everything of one user line by line, page by page, and nothing of another.
begin;
select plan(27);

select is(pg_get_function_arguments('core.export_lines'::regproc), 'p_user_id uuid, p_after text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('core.export_lines'::regproc), 'TABLE(line json, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",enable_sort=off}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.export_lines'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.export_lines'::regproc;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email, password_hash, bio) values
  (pg_temp.id('e0001'), 'tap_lines_anna', 'tap_lines_anna@example.org', '$2a$04$hidden', 'Anna "A"'),
  (pg_temp.id('e0002'), 'tap_lines_ben', 'tap_lines_ben@example.org', null, null);
insert into auth.sessions (user_id, id, token_hash, refresh_hash, user_agent, expires_at, refresh_expires_at)
select u.id, pg_temp.id(case u.username when 'tap_lines_anna' then 'e0010' else 'e0020' end), sha256(u.username::bytea),
       sha256(u.email::bytea), u.username || ' agent', now(), now()
  from auth.users u where u.username ~ '^tap_lines_';
insert into auth.spent_refresh_tokens (user_id, id, token_hash, session_id)
select pg_temp.id('e0001'), pg_temp.id('e003' || n), sha256(('spent' || n)::bytea), pg_temp.id('e0010')
  from generate_series(1, 3) n;
-- Keys of several columns, with times and texts that are awkward to quote.
insert into analytics.api_metrics (user_id, hour, route, method, status_class, model, calls, tokens_in, tokens_out, cost,
                                   duration_us, slowest_us, durations)
select pg_temp.id('e0001'), timestamptz '2026-01-01 10:00Z' + h * interval '1 hour', r, 'GET', 2, m, 1, 0, 0, 0, 1, 1,
       array_fill(0::bigint, array[15])
  from generate_series(1, 2) h, unnest(array['GET /v1/me', E'it''s "\\ {one}']) r, unnest(array['', 'ä, b']) m;
insert into chat.conversations (user_id, id, title) values
  (pg_temp.id('e0001'), pg_temp.id('e0040'), 'Tea'), (pg_temp.id('e0002'), pg_temp.id('e0050'), 'not hers');

-- What is told from a place on: as many calls as there are pages.
create function pg_temp.all_of(p_user text, p_after text default null)
returns table (n bigint, page bigint, line json, cursor text) language plpgsql as $$
declare
  v_row record;
begin
  n := 0;
  page := 0;
  loop
    page := page + 1;
    for v_row in select e.* from core.export_lines(pg_temp.id(p_user), p_after) e loop
      n := n + 1;
      line := v_row.line;
      cursor := v_row.cursor;
      p_after := cursor;
      return next;
    end loop;
    exit when not found or page = 20;  -- more pages than there are
  end loop;
end
$$;

select set_config('plinth.caller', pg_temp.id('e0001')::text, true);
create temp table told as select a.* from pg_temp.all_of('e0001') a;
select is((select jsonb_object_agg(t.name, t.rows)
             from (select t.line ->> 'table' as name, jsonb_agg((t.line -> 'row')::jsonb order by (t.line -> 'row')::text) as rows
                     from told t group by 1) t),
          (select jsonb_object_agg(d.key, (select jsonb_agg(r::jsonb order by r::text) from json_array_elements(d.value) r))
             from json_each(core.export_rows(pg_temp.id('e0001'))) d where d.value::text <> '[]'),
          'the rows are those of the document');
select is((select array_agg(x.name order by x.first)
             from (select t.line ->> 'table' as name, min(t.n) as first from told t group by 1) x),
          array(select t.name from core.export_tables() t where t.name in (select u.line ->> 'table' from told u) order by t.place),
          'table by table, in the order of the document');
select ok((select count(distinct t.line ->> 'table') from told t) >= 5 and (select count(*) from told) >= 15, 'of many tables');
select is(array(select k from told t, json_object_keys(t.line) k where t.n = 1), '{table,row}', 'what a line is');
select ok(string_agg(t.line::text || t.cursor, '') !~ 'hidden|tap_lines_ben|not hers', 'no hash, and nothing of another user')
  from told t;
select ok(bool_and(strpos(t.line::text || t.cursor, encode(sha256(('spent' || s)::bytea), 'hex')) = 0),
          'no digest, neither in a line nor in a place') from told t, generate_series(1, 3) s;

-- Resumed behind each line, the rest comes, and exactly that.
select is_empty(
  $$ select t.n from told t
      where array(select a.line::text from pg_temp.all_of('e0001', t.cursor) a order by a.n)
            <> array(select u.line::text from told u where u.n > t.n order by u.n) $$, 'behind each line comes the rest');
select is((select count(*) from pg_temp.all_of('e0001', (select t.cursor from told t order by t.n desc limit 1))), 0::bigint,
          'behind the last, nothing');
create temp table place as select t.n, t.cursor from told t where t.line #>> '{row,id}' = pg_temp.id('e0032')::text;
delete from auth.spent_refresh_tokens t where t.user_id = pg_temp.id('e0001') and t.id = pg_temp.id('e0032');
select is((select a.line #>> '{row,id}' from pg_temp.all_of('e0001', p.cursor) a where a.n = 1), pg_temp.id('e0033')::text,
          'what is removed meanwhile is not missed') from place p;

-- No place.
select throws_ok(format('select core.export_lines(%L, %L)', pg_temp.id('e0001'), p.place), 'VL001',
                 'after must be a place in this export', p.what)
  from (values ('here', 'no JSON'), ('{"a": 1}', 'no list'), ('[]', 'an empty one'), ('["auth.roles", "user"]', 'another table'),
               ('["ops.outbox", "019e0000-0000-7000-8000-0000000e0001"]', 'a table that is not in it'),
               ('["auth.users"]', 'no row'), ('["chat.conversations", "x"]', 'a name of another type'),
               ('["chat.conversations", null]', 'no name'), ('["auth.user_roles", "user", "more"]', 'too many names')
       ) p (place, what);
select is((select count(*) from core.export_lines(pg_temp.id('e0001'), '["auth.logins", "x'' or true --"]') e
            where e.line ->> 'table' = 'auth.logins'), 0::bigint, 'a place is a value, whatever it says');

-- Pages: 500 lines, or what makes 256 kB.
insert into analytics.daily_users (user_id, day) select pg_temp.id('e0001'), date '2020-01-01' + n from generate_series(1, 1200) n;
create function pg_temp.pages() returns text language sql as $$
  select string_agg(p.lines::text, ' ' order by p.page)
    from (select a.page, count(*) as lines from pg_temp.all_of('e0001') a group by 1) p
$$;
select is(pg_temp.pages(), (select format('500 500 %s', count(*) - 1000) from pg_temp.all_of('e0001') a), 'pages of 500 lines');
update auth.users u set metadata = jsonb_build_object('x', repeat('x', 300000)) where u.id = pg_temp.id('e0001');
select matches(pg_temp.pages(), '^1 500 500 ', 'and of 256 kB');

-- Asked for another user, or with nobody to act for, policies leave nothing.
select set_config('plinth.caller', pg_temp.id('e0002')::text, true);
select is((select count(*) from core.export_lines(pg_temp.id('e0001'))), 0::bigint, 'nothing of another user');
select set_config('plinth.caller', '', true);
select is((select count(*) from core.export_lines(pg_temp.id('e0001'))), 0::bigint, 'with nobody to act for there is nothing');

select * from finish();
rollback;
