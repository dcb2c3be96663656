-- http.expose: makes a function a route, reads off it what was not said, and stops the deploy on what makes no sense.
begin;
select plan(50);

select is(pg_get_function_arguments('http.expose'::regproc),
  'route text, function text, auth text DEFAULT ''user''::text, permission text DEFAULT NULL::text, '
  'status integer DEFAULT 200, result text DEFAULT NULL::text, lane text DEFAULT NULL::text, '
  'cache integer DEFAULT NULL::integer, tags text[] DEFAULT ''{}''::text[], once text DEFAULT NULL::text, '
  'replica boolean DEFAULT NULL::boolean, cost integer DEFAULT 1, lines text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('http.expose'::regproc), 'void', 'result');
select volatility_is('http', 'expose',
  array['text', 'text', 'text', 'text', 'integer', 'text', 'text', 'integer', 'text[]', 'text', 'boolean', 'integer', 'text'],
  'volatile');
select isnt_definer('http', 'expose',
  array['text', 'text', 'text', 'text', 'integer', 'text', 'text', 'integer', 'text[]', 'text', 'boolean', 'integer', 'text']);
select function_owner_is('http', 'expose',
  array['text', 'text', 'text', 'text', 'integer', 'text', 'text', 'integer', 'text[]', 'text', 'boolean', 'integer', 'text'],
  'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.expose'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.expose'::regproc;

set role plinth_owner;
create function api.tap_read(p_user_id uuid) returns setof auth.tiers stable language sql as $$ select * from auth.tiers $$;
create function api.tap_list(p_user_id uuid, p_id uuid) returns table (n integer, cursor text) stable language sql
as $$ select 1, 'x' $$;
create function api.tap_value(p_user_id uuid) returns integer volatile language sql as $$ select 1 $$;
create function api.tap_write(p_user_id uuid) returns void volatile language sql as '';
create function api.tap_open() returns text immutable language sql as $$ select 'x' $$;
create function api.tap_history(p_user_id uuid, p_after text default null) returns table (line json, cursor text)
stable language sql as $$ select '{}'::json, 'x' $$;
create function api.tap_take(p_user_id uuid, p_items jsonb, p_line integer default null) returns table (taken bigint)
volatile language sql as $$ select 1 $$;
reset role;

-- What is read off the function.
select set_config('plinth.file', 'db/functions/tap/read.sql', true);
select http.expose('GET /v1/tap/read', 'api.tap_read', cache => 60, tags => '{tap,all:tap}');
select set_config('plinth.file', '', true);
select http.expose('GET /v1/tap/list/{id}', 'api.tap_list');
insert into auth.permissions values ('tap:write', 'planted');
select http.expose('POST /v1/tap/value', 'api.tap_value', permission => 'tap:write', status => 201, lane => 'hash');
select http.expose('DELETE /v1/tap/write', 'api.tap_write', status => 204);
select http.expose('GET /v1/tap/open', 'api.tap_open', auth => 'none');
select http.expose('PUT /v1/tap/open', 'api.tap_open', auth => 'none', result => 'none');
select results_eq(
  $$ select r.method, r.path, r.function_name, r.auth, r.permission, r.status, r.result, r.lane
       from http.routes r where r.path like '/v1/tap/%' order by r.path, r.method $$,
  $$ values ('GET',    '/v1/tap/list/{id}', 'api.tap_list',  'user', null,        200, 'list',  'read'),
            ('GET',    '/v1/tap/open',      'api.tap_open',  'none', null,        200, 'value', 'read'),
            ('PUT',    '/v1/tap/open',      'api.tap_open',  'none', null,        200, 'none',  'read'),
            ('GET',    '/v1/tap/read',      'api.tap_read',  'user', null,        200, 'one',   'read'),
            ('POST',   '/v1/tap/value',     'api.tap_value', 'user', 'tap:write', 201, 'value', 'hash'),
            ('DELETE', '/v1/tap/write',     'api.tap_write', 'user', null,        204, 'none',  'write') $$,
  'result by what it returns, lane by whether it writes, unless the file says otherwise');
select results_eq(
  $$ select r.cache_seconds, r.cache_tags, r.file from http.routes r
      where r.path in ('/v1/tap/read', '/v1/tap/value') order by r.path $$,
  $$ values (60, '{tap,all:tap}'::text[], 'db/functions/tap/read.sql'), (null, '{}', 'psql') $$,
  'how long it may be kept, what it depends on, which file said so');

select http.expose('POST /v1/tap/session', 'api.tap_value', auth => 'session', permission => 'tap:write');
select http.expose('POST /v1/tap/step-up', 'api.tap_value', auth => 'step_up');
select is(array_agg(concat_ws(' ', r.auth, r.permission) order by r.path), '{"session tap:write",step_up}',
          'a session only; one that stepped up')
  from http.routes r where r.path in ('/v1/tap/session', '/v1/tap/step-up');
select is(array_agg(t ->> 0), '{sessions,sessions}', 'both end with the session')
  from (select r -> 'cache_tags' as t from json_array_elements(http.catalog() -> 'routes') r
         where r ->> 'path' in ('/v1/tap/session', '/v1/tap/step-up')) c;

-- Keys under which a call happens once.
select http.expose('POST /v1/tap/once', 'api.tap_write', status => 204);
select http.expose('PATCH /v1/tap/once', 'api.tap_write', status => 204, once => 'must');
select http.expose('PUT /v1/tap/once', 'api.tap_write', status => 204);
select http.expose('DELETE /v1/tap/once', 'api.tap_write', status => 204, once => 'may');
select http.expose('POST /v1/tap/never', 'api.tap_write', status => 204, once => 'never');
select http.expose('POST /v1/tap/read', 'api.tap_read');
create function api.tap_sign() returns void volatile language sql as '';
select http.expose('POST /v1/tap/sign', 'api.tap_sign', auth => 'none', status => 204);
select http.expose('PATCH /v1/tap/sign', 'api.tap_sign', auth => 'none', status => 204, once => 'may');
select results_eq(
  $$ select r.method, r.path, r.once from http.routes r
      where r.path in ('/v1/tap/once', '/v1/tap/never', '/v1/tap/read', '/v1/tap/sign') order by r.path, r.method $$,
  $$ values ('POST', '/v1/tap/never', 'never'), ('DELETE', '/v1/tap/once', 'may'), ('PATCH', '/v1/tap/once', 'must'),
            ('POST', '/v1/tap/once', 'may'), ('PUT', '/v1/tap/once', 'never'),
            ('GET', '/v1/tap/read', 'never'), ('POST', '/v1/tap/read', 'never'),
            ('PATCH', '/v1/tap/sign', 'may'), ('POST', '/v1/tap/sign', 'never') $$,
  'POST and PATCH of what writes may bring one, where there is a caller, unless the file says otherwise');

-- Where a replica may answer: what only reads, for a signed-in user, and is not kept.
select http.expose('GET /v1/tap/quota', 'api.tap_list', result => 'list', replica => false);
select results_eq(
  $$ select r.method, r.path from http.routes r where r.path like '/v1/tap/%' and r.replica order by r.path, r.method $$,
  $$ values ('GET', '/v1/tap/list/{id}'), ('POST', '/v1/tap/read') $$, 'unless the file says otherwise');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', cache => 60, replica => true) $$, '23514', null,
                 'a copy made from a replica would be kept as if it were of now');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', auth => 'session', replica => true) $$, '23514', null,
                 'what asks for a session is about credentials');

-- What a call costs.
select http.expose('PUT /v1/tap/dear', 'api.tap_write', status => 204, cost => 10);
select is(array_agg(r.cost order by r.path), '{10,1}', 'one unit, unless the file says otherwise') from http.routes r
 where r.path in ('/v1/tap/dear', '/v1/tap/quota');

-- Histories of any length, out and in.
select http.expose('GET /v1/tap/history', 'api.tap_history', result => 'stream');
select http.expose('POST /v1/tap/history', 'api.tap_take', lines => 'items');
select results_eq(
  $$ select r.result, r.lane, r.replica, r.once, r.lines from http.routes r where r.path = '/v1/tap/history' order by r.method $$,
  $$ values ('stream', 'slow', false, 'never', null), ('one', 'write', false, 'never', 'items') $$,
  'pages are asked for one by one, in the lane for what takes long; a body of lines is many calls, so no key fits it');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_history', result => 'stream', lane => 'read') $$, '23514', null,
                 'a page may take long');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_list', result => 'stream') $$, '22023',
                 'GET /v1/tap/x: a stream has p_after and a column cursor', 'no place to go on from');
select throws_ok($$ select http.expose('POST /v1/tap/x', 'api.tap_value', result => 'stream') $$, '22023',
                 'POST /v1/tap/x: a stream has p_after and a column cursor', 'no pages');
-- One that writes that somebody looked: no GET, and no key makes many pages happen once.
create function api.tap_trail(p_user_id uuid, p_after text default null) returns table (line json, cursor text)
volatile language sql as $$ select null::json, null::text where false $$;
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_trail', result => 'stream') $$, '22023',
                 'api.tap_trail cannot answer GET /v1/tap/x: it is not marked STABLE', 'GET of a stream that writes');
select http.expose('POST /v1/tap/trail', 'api.tap_trail', result => 'stream');
select is(concat_ws(' ', r.result, r.lane, r.once), 'stream slow never', 'a stream that writes') from http.routes r
 where r.path = '/v1/tap/trail';
select throws_ok($$ select http.expose('POST /v1/tap/x', 'api.tap_take', lines => 'things') $$, '22023',
                 'api.tap_take has no arguments p_things and p_line, which take the lines of a body', 'lines for nothing');
select throws_ok($$ select http.expose('POST /v1/tap/x', 'api.tap_take', lines => 'items', once => 'may') $$, '23514', null,
                 'one key for many calls');

select http.expose('GET /v1/tap/shown', 'api.tap_open', auth => 'none', cache => 60, tags => '{all:tap}');
select results_eq(
  $$ select r.cache_scope from http.routes r
      where r.method = 'GET' and r.path in ('/v1/tap/open', '/v1/tap/read', '/v1/tap/shown') order by r.path $$,
  $$ values (null), ('private'), ('public') $$, 'one copy for each caller, one for all, none');

-- What makes no sense.
select throws_ok(
  $$ select http.expose('GET /v1/tap/x', 'api.tap_open', auth => 'none', cache => 60, tags => '{all:tap,tap}') $$, '22023',
  'GET /v1/tap/x: a copy for everybody depends on tags of all, such as all:prices', 'a copy for all that hangs on one');
select throws_ok($$ select http.expose('PUT /v1/tap/x', 'api.tap_write', status => 204, cost => 0) $$, '23514', null,
                 'nothing is free');
select throws_ok($$ select http.expose('POST /v1/tap/x', 'api.tap_write', status => 204, once => 'often') $$, '23514', null,
                 'once is never, may or must');
select throws_ok($$ select http.expose('POST /v1/tap/x', 'api.tap_read', once => 'may') $$, '23514', null,
                 'what only reads needs no key');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', auth => 'session', cache => 60) $$, '23514', null,
                 'a kept answer would not ask for the session');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_value') $$, '22023',
  'api.tap_value cannot answer GET /v1/tap/x: it is not marked STABLE', 'GET of what writes');
select throws_ok($$ select http.expose('POST /v1/tap/x', 'api.tap_value', auth => 'none') $$, '22023',
  'api.tap_value names a user, so POST /v1/tap/x needs auth => ''user''', 'a user''s function for anyone');
select throws_ok($$ select http.expose('GET /v1/tap/{name}', 'api.tap_list') $$, '22023',
  'api.tap_list has no argument for each {name} of GET /v1/tap/{name}', 'a place in the path that nothing takes');
select throws_ok($$ select http.expose('GET /v1/tap/read', 'api.tap_list') $$, '23505', null, 'a route twice');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_nothing') $$, '42883', null,
                 'a function that is not there');
select throws_ok($$ select http.expose('FETCH /v1/tap/x', 'api.tap_read') $$, '23514', null, 'an unknown method');
select throws_ok($$ select http.expose('GET /v2/tap/x', 'api.tap_read') $$, '23514', null, 'a path elsewhere');
select throws_ok($$ select http.expose('GET', 'api.tap_read') $$, '23514', null, 'no path');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'core.act_for', result => 'value') $$, '22023', null,
                 'a private function that writes');
select throws_ok($$ select http.expose('POST /v1/tap/x', 'core.act_for') $$, '23514', null, 'or any private one');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', auth => 'maybe') $$, '23514', null,
                 'unknown auth');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_open', auth => 'none', permission => 'tap:write') $$,
                 '23514', null,
                 'a permission of nobody');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', permission => 'tap:wirte') $$, '22023',
                 'GET /v1/tap/x asks for tap:wirte, which auth.permissions does not know', 'a permission that is none');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', result => 'many') $$, '23514', null,
                 'unknown result');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', lane => 'fast') $$, '23514', null,
                 'unknown lane');
select throws_ok($$ select http.expose('POST /v1/tap/x', 'api.tap_value', cache => 60) $$, '23514', null,
                 'keeping what writes');
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read', lane => 'slow', cache => 60) $$, '23514', null,
                 'keeping what is slow');

set session authorization plinth_operator;
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read') $$, '42501', null, 'deploys only');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select http.expose('GET /v1/tap/x', 'api.tap_read') $$, '42501', null, 'not the layer');
select throws_ok($$ delete from http.routes $$, '42501', null, 'which cannot change the registry');
reset session authorization;

select * from finish();
rollback;
