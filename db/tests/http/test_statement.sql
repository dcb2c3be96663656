-- http.statement: the one statement of a route. Run as the layer runs it: as plinth_web, with the digest of a token.
begin;
select plan(68);

select is(pg_get_function_arguments('http.statement'::regproc),
  'p_route http.routes, p_once boolean DEFAULT false, p_many boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('http.statement'::regproc), 'text', 'result');
select volatility_is('http', 'statement', array['http.routes', 'boolean', 'boolean'], 'stable');
select isnt_definer('http', 'statement', array['http.routes', 'boolean', 'boolean']);
select function_owner_is('http', 'statement', array['http.routes', 'boolean', 'boolean'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.statement'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.statement'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000d101', 'tap_stmt_anna', 'tap_stmt_anna@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at) values
  ('019e0000-0000-7000-8000-00000000d101', sha256('tap stmt'), sha256('tap stmt r'), now() + interval '90 s', now());

-- Functions of every kind. Each goes through a counter, and through what row policies go by: the caller.
create sequence ops.tap_calls;
create sequence ops.tap_rows;
create view core.tap_thing as select 1 as n, 'x'::text as zebra, true as apple;
alter view core.tap_thing owner to plinth_owner;
set role plinth_owner;
create function api.tap_one(p_user_id uuid, p_n integer default 1) returns setof core.tap_thing stable security definer
language plpgsql as $$ begin
  perform core.act_for(p_user_id);
  return query select t.* from core.tap_thing t where t.n = p_n and base.current_user_id() = p_user_id;
end $$;
create function api.tap_all(p_rows integer default 3, p_limit integer default 50)
returns table (n integer, cursor text)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
begin
  return query select g, 'after ' || g from generate_series(p_rows, 1, -1) g limit p_limit;
end $$;
create function api.tap_until(p_user_id uuid, p_until timestamptz default null) returns integer stable security definer
language plpgsql as $$ begin perform core.act_for(p_user_id); perform core.fresh_until(p_until); return 1; end $$;
create function api.tap_all_until(p_until timestamptz, p_limit integer default 50) returns table (n integer, cursor text)
stable security definer language plpgsql as $$ begin
  perform core.fresh_until(p_until); return query select 1, '';
end $$;
create function api.tap_list(p_user_id uuid, p_rows integer default 3, p_limit integer default 50, p_size integer default 0)
returns table (n integer, zebra text, cursor text) stable security definer
language plpgsql as $$ begin
  perform core.act_for(p_user_id);
  return query select g, 'z' || g || repeat('x', p_size), 'after ' || g from generate_series(p_rows, 1, -1) g limit p_limit;
end $$;
-- Whoever makes JSON of it is counted.
create type core.tap_counted as enum ('here');
create function core.tap_json(core.tap_counted) returns json volatile security definer
language sql as $$ select to_json(nextval('ops.tap_rows')) $$;
create cast (core.tap_counted as json) with function core.tap_json(core.tap_counted);
create function api.tap_long(p_limit integer default 50) returns table (zebra text, n core.tap_counted, cursor text)
stable security definer language plpgsql as $$ begin
  return query select repeat('x', 1048576), core.tap_counted 'here', '' from generate_series(1, 20) limit p_limit;
end $$;
create function api.tap_only(p_user_id uuid) returns table (n integer) stable security definer
language plpgsql as $$ begin perform core.act_for(p_user_id); n := 7; return next; end $$;
create function api.tap_who(p_n integer) returns table (n integer, who uuid) stable security definer
language plpgsql as $$ begin if p_n > 0 then return query select p_n, base.current_user_id(); end if; end $$;
create function api.tap_self(p_n integer default 1) returns uuid stable security definer
language plpgsql as $$ begin return base.current_user_id(); end $$;
create function api.tap_value(p_user_id uuid, p_word text) returns text stable security definer
language plpgsql as $$ begin perform core.act_for(p_user_id); return p_word; end $$;
create function api.tap_write(p_user_id uuid, p_tag text default 'tap:1') returns setof core.tap_thing
volatile security definer language plpgsql as $$ begin
  perform core.act_for(p_user_id);
  perform base.touch_tag(p_tag), nextval('ops.tap_calls');
  return query select t.* from core.tap_thing t where p_tag <> 'none';
end $$;
create function api.tap_quiet(p_user_id uuid) returns void volatile security definer
language plpgsql as $$ begin perform core.act_for(p_user_id); perform base.touch_tag('tap:2'); end $$;
create function api.tap_fail(p_user_id uuid) returns setof core.tap_thing volatile security definer
language plpgsql as $$ begin
  perform core.act_for(p_user_id);
  perform base.touch_tag('tap:3'), core.keep_failure('UN002', 'no');
end $$;
create function api.tap_open(p_word text default 'hello') returns text volatile security definer
language sql as $$ select concat_ws(' ', p_word, base.current_user_id()) $$;
create function api.tap_history(p_user_id uuid, p_after integer default 0)
returns table (n integer, note json, cursor text) stable security definer
language plpgsql as $$ begin perform core.act_for(p_user_id); return query
  select i, json '{"a":
 1}', i::text from generate_series(p_after + 1, least(p_after + 2, 3)) i; end $$;
create function api.tap_history_line(p_user_id uuid, p_after text default null) returns table (line jsonb, cursor text) stable
security definer language plpgsql as $$ begin perform core.act_for(p_user_id); return query
  select jsonb '{"text": "a\nb"}', 'x'; end $$;
grant execute on function api.tap_history, api.tap_history_line to plinth_web;
grant execute on function api.tap_one, api.tap_who, api.tap_self, api.tap_only, api.tap_list, api.tap_all, api.tap_long,
                          api.tap_value, api.tap_write, api.tap_quiet, api.tap_fail, api.tap_until, api.tap_all_until,
                          api.tap_open to plinth_web;
reset role;
grant usage on sequence ops.tap_calls, ops.tap_rows to plinth_owner;

select http.expose('GET /v1/tap/one', 'api.tap_one');
select http.expose('GET /v1/tap/list', 'api.tap_list');
select http.expose('GET /v1/tap/all', 'api.tap_all');
select http.expose('GET /v1/tap/long', 'api.tap_long');
select http.expose('GET /v1/tap/value', 'api.tap_value');
select http.expose('GET /v1/tap/until', 'api.tap_until', cache => 60, tags => '{tap}');
select http.expose('GET /v1/tap/all-until', 'api.tap_all_until', auth => 'none', cache => 60, tags => '{all:tap}');
select http.expose('GET /v1/tap/unkept', 'api.tap_until');
select http.expose('GET /v1/tap/qr', 'api.tap_value', result => 'qr');
select http.expose('GET /v1/tap/history', 'api.tap_history', result => 'stream');
select http.expose('GET /v1/tap/history-line', 'api.tap_history_line', result => 'stream');
select http.expose('GET /v1/tap/who', 'api.tap_who');
select http.expose('GET /v1/tap/self', 'api.tap_self');
select http.expose('GET /v1/tap/only', 'api.tap_only');
select http.expose('POST /v1/tap/write', 'api.tap_write', status => 201);
select http.expose('POST /v1/tap/quiet', 'api.tap_quiet', status => 204);
select http.expose('POST /v1/tap/fail', 'api.tap_fail', status => 201);
select http.expose('POST /v1/tap/open', 'api.tap_open', auth => 'none', once => 'may');
select http.expose('POST /v1/tap/money', 'api.tap_write', once => 'must');
insert into auth.permissions values ('tap:boss', 'planted');
select http.expose('GET /v1/tap/boss', 'api.tap_one', permission => 'tap:boss');

create temp table prepared as
select r.path, http.statement(r) as statement from http.routes r where r.path like '/v1/tap/%';
insert into prepared
select r.path || '#once', http.statement(r, true) from http.routes r where r.path like '/v1/tap/%' and r.once <> 'never';
grant select on prepared to public;

-- The layer puts in the arguments a request gave and sends the statement; columns go by their places, not by names.
create function pg_temp.answer(p_path text, p_args text default '', p_limit text default 'null',
                               p_token bytea default sha256('tap stmt'))
returns json
language plpgsql volatile
as $$
declare
  v_statement text := (select replace(replace(p.statement, '{args}', p_args), '{limit}', p_limit)
                         from prepared p where p.path = '/v1/tap/' || p_path);
  v_answer    json;
begin
  execute format('select to_json(q) from (%s) q (status, body, user_id, expires_in, xid, tags)', v_statement)
     into strict v_answer using p_token, E'req-1\x1f192.0.2.7\x1fcurl/8', 'the key of this test', repeat('ab', 32);
  return v_answer;
end
$$;

-- How long a copy may be kept.
create function pg_temp.expires_in(p_path text, p_args text, p_until interval)
returns integer language plpgsql volatile as $$ begin
  perform set_config('plinth.fresh_until', '', true);
  return pg_temp.answer(p_path, format(p_args, clock_timestamp() + p_until)) ->> 'expires_in';
end $$;

set session authorization plinth_web;
select is(a ->> 'body', '{"n":1,"zebra":"x","apple":true}', 'one: the object, its keys in the order of the columns')
  from pg_temp.answer('one') a;
select results_eq(
  $$ select a ->> 'status', a ->> 'user_id', a ->> 'expires_in', a ->> 'xid', a ->> 'tags'
       from pg_temp.answer('one') a $$,
  $$ values ('200', '019e0000-0000-7000-8000-00000000d101', '90', null, null) $$,
  'who called and how long the session lives; what only reads touched nothing');
select throws_ok($$ select pg_temp.answer('one', ', p_n => 2') $$, 'NF001', null, 'one: there is none');
select is(a ->> 'body', '{"n":7}', 'one: an object of one column is one, too') from pg_temp.answer('only') a;

select is(a ->> 'body', '{"items":[{"n":3,"zebra":"z3"}, {"n":2,"zebra":"z2"}, {"n":1,"zebra":"z1"}],"next":null}',
          'list: as the function orders it, without the cursor, and nothing comes next') from pg_temp.answer('list') a;
select is(a ->> 'body', '{"items":[{"n":3,"zebra":"z3"}, {"n":2,"zebra":"z2"}],"next":"after 2"}',
          'list: a page, and the cursor of its last row') from pg_temp.answer('list', '', '2') a;
select is((a ->> 'body')::json ->> 'next', null, 'list: a page that is just full is the last')
  from pg_temp.answer('list', '', '3') a;
select is(a ->> 'body', '{"items":[],"next":null}', 'list: nothing') from pg_temp.answer('list', ', p_rows => 0') a;
select is(json_array_length((a ->> 'body')::json -> 'items'), 50, 'list: 50 when not asked')
  from pg_temp.answer('list', ', p_rows => 99') a;
select is(json_array_length((a ->> 'body')::json -> 'items'), 200, 'list: 200 at most')
  from pg_temp.answer('list', ', p_rows => 300', '200') a;
select is(a ->> 'body', '{"items":[{"n":3}],"next":"after 3"}', 'list: for no user, nothing given')
  from pg_temp.answer('all', '', '1') a;
select is(a ->> 'body', '{"items":[{"n":1}],"next":null}', 'list: for no user, something given')
  from pg_temp.answer('all', ', p_rows => 1') a;
select results_eq(
  $$ select s.size, json_array_length((a ->> 'body')::json -> 'items'), (a ->> 'body')::json ->> 'next'
       from unnest('{1048576,1048550,3000000}'::integer[]) s (size),
            pg_temp.answer('list', ', p_rows => 4, p_size => ' || s.size) a $$,
  $$ values (1048576, 2, 'after 3'), (1048550, 3, 'after 2'), (3000000, 1, 'after 4') $$,
  'list: a page ends with the row that makes it full, and has one in any case');
select is(json_array_length((a ->> 'body')::json -> 'items') || ((a ->> 'body')::json ->> 'next'), null,
          'list: the row that makes it full may be the last')
  from pg_temp.answer('list', ', p_rows => 2, p_size => 1048576') a;
select is((a ->> 'body')::json -> 'items' -> 0 ->> 'n', '1', 'list: a row is made JSON once') from pg_temp.answer('long') a;
reset session authorization;
select cmp_ok(s.last_value, '<=', 5::bigint, 'list: of twenty rows of a megabyte, those behind a full page never are')
  from ops.tap_rows s;
set session authorization plinth_web;
select throws_ok($$ select pg_temp.answer('list', '', '201') $$, 'VL001', 'limit must be from 1 to 200',
                 'list: not more');
select throws_ok($$ select pg_temp.answer('list', '', '0') $$, 'VL001', 'limit must be from 1 to 200',
                 'list: not none');

-- How long a copy may be kept: as long as the session lives, and no longer than the answer is true.
select is(pg_temp.expires_in('until', '', null), 90, 'nothing is said: as long as the session lives');
select is(pg_temp.expires_in('until', ', p_until => %L', '1 day'), 90, 'it changes later');
select is(pg_temp.expires_in('until', ', p_until => %L', '30.9 s'), 30, 'it changes sooner; never a second too long');
select cmp_ok(pg_temp.expires_in('until', ', p_until => %L', '-1 s'), '<', 0, 'it has changed already');
select is(pg_temp.expires_in('all-until', ', p_until => %L', '20.9 s'), 20, 'for anyone, a list');
select is(pg_temp.expires_in('all-until', ', p_until => %L', null), null, 'for anyone, nothing said');
select is(pg_temp.expires_in('unkept', ', p_until => %L', '1 s'), 90, 'what is not kept does not ask');

select is((a ->> 'body')::jsonb, '{"value": "a \"b\""}', 'value') from pg_temp.answer('value', ', p_word => ''a "b"''') a;
select is(a ->> 'body', 'a "b"', 'qr: the text itself, for a picture') from pg_temp.answer('qr', ', p_word => ''a "b"''') a;
select is((a ->> 'body')::jsonb, '{"value": null}', 'value: nothing') from pg_temp.answer('value', ', p_word => null') a;

select results_eq(
  $$ select a ->> 'body', a ->> 'xid', a ->> 'user_id', a ->> 'tags' from pg_temp.answer('history') a $$,
  $$ values (E'{"n":1,"note":{"a":  1}}\n{"n":2,"note":{"a":  1}}\n', '2', '019e0000-0000-7000-8000-00000000d101', null) $$,
  'stream: a page of lines without the cursor, each on one line, and where the next one begins');
select results_eq($$ select a ->> 'body', a ->> 'xid' from pg_temp.answer('history', ', p_after => 3') a $$,
                  $$ values (null::text, null::text) $$, 'stream: behind the last line there is none');
select is(a ->> 'body', E'{"text": "a\\nb"}\n', 'stream: a single column is the line')
  from pg_temp.answer('history-line') a;
select throws_ok($$ select pg_temp.answer('history', p_token => sha256('junk')) $$, 'UN001', null,
                 'stream: each page is asked for by somebody who may');
select results_eq(
  $$ select a ->> 'status', a ->> 'body', a ->> 'xid', (a -> 'tags')::jsonb ? 'tap:1'
       from pg_temp.answer('write') a $$,
  $$ values ('201', '{"n":1,"zebra":"x","apple":true}', pg_current_xact_id()::text, true) $$,
  'a write: its status, the transaction, and the tags it touched');
select throws_ok($$ select pg_temp.answer('write', ', p_tag => ''none''') $$, 'NF001', null,
                 'a write that found nothing');
select results_eq(
  $$ select a ->> 'status', a ->> 'body', (a -> 'tags')::jsonb ? 'tap:2' from pg_temp.answer('quiet') a $$,
  $$ values ('204', null, true) $$, 'none: no body');
reset session authorization;
select is((select c.last_value from ops.tap_calls c), 2::bigint, 'each answer was one call (of the two)');

set session authorization plinth_web;
select results_eq(
  $$ select a ->> 'status', (a ->> 'body')::json ->> 'code', (a -> 'tags')::jsonb ? 'tap:3'
       from pg_temp.answer('fail') a $$,
  $$ values ('401', 'UN002', true) $$, 'a failure that was kept is the answer, and what it touched is told');
reset session authorization;
select set_config('plinth.failure', '', true);

set session authorization plinth_web;
-- In the words of the entry and not of core.act_for: the function was not reached.
select throws_ok($$ select pg_temp.answer('one', p_token => sha256('junk')) $$,
                 'UN001', 'The token is unknown, expired or ended; sign in again', 'no such token');
select throws_ok($$ select pg_temp.answer('write', p_token => null) $$,
                 'UN001', 'The token is unknown, expired or ended; sign in again', 'no token');
select throws_ok($$ select pg_temp.answer('boss') $$, 'NP001', 'This needs the permission tap:boss', 'no permission');
select results_eq(
  $$ select a ->> 'status', (a ->> 'body')::json ->> 'value', a ->> 'user_id'
       from pg_temp.answer('open', '', 'null', null) a $$,
  $$ values ('200', 'hello', null) $$, 'for anyone: nobody is the caller');
select is((a ->> 'body')::json ->> 'value', 'bye', 'with an argument')
  from pg_temp.answer('open', 'p_word => ''bye''', 'null', null) a;
reset session authorization;

-- With a key a call happens once.
set session authorization plinth_web;
select results_eq(
  $$ select a ->> 'status', a ->> 'body', a ->> 'user_id', a ->> 'expires_in', a ->> 'xid', (a -> 'tags')::jsonb ? 'tap:1'
       from pg_temp.answer('write#once') a $$,
  $$ values ('201', '{"n":1,"zebra":"x","apple":true}', '019e0000-0000-7000-8000-00000000d101', '90',
             pg_current_xact_id()::text, true) $$, 'it happens');
select results_eq(
  $$ select a ->> 'status', a ->> 'body', a ->> 'user_id', a ->> 'expires_in', a ->> 'xid', (a -> 'tags')::jsonb ? 'tap:1'
       from pg_temp.answer('write#once') a $$,
  $$ values ('201', '{"n":1,"zebra":"x","apple":true}', '019e0000-0000-7000-8000-00000000d101', '90', null, true) $$,
  'and is answered again: all the same, and no transaction that wrote');
select results_eq($$ select a ->> 'status', a ->> 'body' from pg_temp.answer('quiet#once') a, generate_series(1, 2) $$,
                  $$ values ('204', null), ('204', null) $$, 'none: no body, either time');
select results_eq(
  $$ select (a ->> 'body')::json ->> 'value' from (values ('hello'), ('hello'), ('bye')) w (word),
       pg_temp.answer('open#once', format('p_word => %L', w.word), 'null', null) a $$,
  array['hello', 'hello', 'hello'], 'for anyone; what tells calls apart is what the layer says of their arguments');
reset session authorization;
select is((select c.last_value from ops.tap_calls c), 3::bigint, 'it was one call (of the now three)');
select results_eq(
  $$ select k.function_name, k.expires_at - k.created_at from ops.idempotency_keys k
      where k.key = 'the key of this test' order by 1 $$,
  $$ values ('api.tap_open', interval '24 h'), ('api.tap_quiet', '24 h'), ('api.tap_write', '24 h') $$, 'kept for a day');
delete from ops.idempotency_keys;
set session authorization plinth_web;
select is(a ->> 'status', '200', 'where money moves') from pg_temp.answer('money#once') a;
select is(a ->> 'status', '401', 'what failed') from pg_temp.answer('fail#once') a;
reset session authorization;
select set_config('plinth.failure', '', true);
select results_eq($$ select k.function_name, k.expires_at - k.created_at from ops.idempotency_keys k $$,
                  $$ values ('api.tap_write', interval '72 h') $$, 'for three, and what failed not at all');

-- What no request can show: that the planner is not free to call the function before the caller is known.
select is_empty($$ select p.path from prepared p
                    where p.statement !~ 'where e\.proceed( offset 0|\) r\))|p_user_id => e\.user_id' $$,
                'the function hangs on the entry');
select is_empty($$ select p.path from prepared p where p.statement ~ 'leave' and p.statement !~ 'where e\.proceed offset 0' $$,
                'one that writes is not called where the entry says so');
select is_empty(
  $$ select p.path from prepared p
      where p.path not in (
        '/v1/tap/open', '/v1/tap/open#once', '/v1/tap/who', '/v1/tap/self', '/v1/tap/all', '/v1/tap/long',
        '/v1/tap/all-until')
        and p.statement !~ 'p_user_id => e\.user_id' $$,
  'and the user is who entered');

-- Several calls as one: each has its own caller, whose call went before.
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000d102', 'tap_stmt_bert', 'tap_stmt_bert@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at) values
  ('019e0000-0000-7000-8000-00000000d102', sha256('tap bert'), sha256('tap bert r'), now() + interval '1 min', now());
create temp table together as
select r.path, http.statement(r, p_many => true) as statement from http.routes r where r.path like '/v1/tap/%';
grant select on together to public;

create function pg_temp.answers(p_path text, p_tokens text[], p_numbers integer[])
returns table (status integer, body json, user_id uuid, expires_in integer, xid text, tags text, n integer)
language plpgsql volatile
as $$
begin
  return query execute (
    select format('select a, b::json, c, d, e, f, g from (%s) q (a, b, c, d, e, f, g)',
             replace(replace(replace(g.statement, '{names}', ', p_n'), '{calls}', c.calls), '{args}',
                     case when g.statement ~ '\({args}' then '' else ', ' end || 'p_n => q.p_n'))
      from together g,
           (select string_agg(format('(%s, %L::bytea, %L::text, %s::integer)', c.at - 1, sha256(c.token::bytea),
                                     'req-' || c.at, c.number), ', ' order by c.at) as calls
              from unnest(p_tokens, p_numbers) with ordinality c (token, number, at)) c
     where g.path = '/v1/tap/' || p_path);
end
$$;

set session authorization plinth_web;
select results_eq(
  $$ select a.status, a.body ->> 'n', a.body ->> 'who', a.user_id::text, a.expires_in, a.xid, a.tags, a.n
       from pg_temp.answers('who', '{tap stmt,tap bert,tap stmt,tap stmt,tap bert}', '{1,2,3,3,4}') a $$,
  $$ select 200, c.n, c.who, c.who, c.seconds, null, null, (row_number() over ())::integer - 1
       from (values ('1', '019e0000-0000-7000-8000-00000000d101', 90), ('2', '019e0000-0000-7000-8000-00000000d102', 60),
                    ('3', '019e0000-0000-7000-8000-00000000d101', 90), ('3', '019e0000-0000-7000-8000-00000000d101', 90),
                    ('4', '019e0000-0000-7000-8000-00000000d102', 60)) c (n, who, seconds) $$,
  'many: each answer is that of its caller, and says whose it is');
select results_eq(
  $$ select a.body ->> 'zebra', a.user_id, a.n from pg_temp.answers('one', '{tap bert,tap stmt}', '{1,1}') a $$,
  $$ values ('x', uuid '019e0000-0000-7000-8000-00000000d102', 0),
            ('x', '019e0000-0000-7000-8000-00000000d101', 1) $$,
  'many: also where the function is given the user');
select throws_ok($$ select pg_temp.answers('who', '{tap stmt,junk,tap bert}', '{1,1,1}') $$, 'UN001', null,
                 'many: where one is refused, all are');
select throws_ok($$ select pg_temp.answers('who', '{tap stmt,tap bert}', '{1,0}') $$, 'NF001', null,
                 'many: where one finds nothing, all fail');
reset session authorization;
select set_eq($$ select substr(g.path, 9) from together g where g.statement is not null $$,
              '{one,who,only,value,qr,until,unkept,boss}'::text[],
              'many: only what reads one object, and never by a call that PostgreSQL would run once for all of them');

-- All routes there are: PostgreSQL understands each, and joins row by row; what remembers rows, or sorts them, would
-- call a function under a caller who is not its own.
create function pg_temp.plan_of_many(p_route http.routes)
returns text
language plpgsql volatile
as $$
declare
  v_text text := http.statement(p_route, p_many => true);
  v_told text;
  v_args text;
  v_null text;
  v_plan text := '';
  v_line text;
begin
  select coalesce(string_agg(', p_' || a.name, '' order by a.name), ''),
         coalesce(string_agg(format('p_%s => q.p_%1$s', a.name), ', ' order by a.name), ''),
         coalesce(string_agg(', null::' || a.type, '' order by a.name), '')
    into v_told, v_args, v_null
    from http.arguments(p_route.function_name::regproc) a where a.type not like 'ext.%';
  v_args := case when v_args = '' or v_text ~ '\({args}' then v_args else ', ' || v_args end;
  v_text := replace(replace(v_text, '{names}', v_told), '{args}', v_args);
  v_text := replace(v_text, '{calls}', (
    select string_agg(format('(%s, %L::bytea, ''c''::text%s)', n, sha256(n::text::bytea), v_null), ', ')
      from generate_series(0, 7) n));
  for v_line in execute 'explain (costs off) ' || v_text loop
    v_plan := concat(v_plan, v_line, E'\n');
  end loop;
  return v_plan;
end
$$;
select is_empty(
  $$ select r.path, p.plan from http.routes r, pg_temp.plan_of_many(r) p (plan)
      where http.statement(r, p_many => true) is not null
        and p.plan !~ '^Nested Loop\n  ->  Values Scan on "\*VALUES\*"\n  ->  Function Scan on enter e\n  SubPlan' $$,
  'many: one call after the other');

set session authorization plinth_web;
select throws_ok('select http.statement(null)', '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
