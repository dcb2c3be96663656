-- http.arguments: what a request to a function may carry: its arguments without p_ and without the user.
begin;
select plan(17);

select is(pg_get_function_arguments('http.arguments'::regproc), 'p_function oid', 'arguments');
select is(pg_get_function_result('http.arguments'::regproc),
  'TABLE(name text, type text, required boolean, element bigint, minimum integer, maximum integer)', 'result');
select volatility_is('http', 'arguments', array['oid'], 'stable');
select isnt_definer('http', 'arguments', array['oid']);
select function_owner_is('http', 'arguments', array['oid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.arguments'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.arguments'::regproc;

set role plinth_owner;
create function api.tap_many(p_user_id uuid, p_title text, p_tags text[] default '{}', p_meta jsonb default null)
returns table (id uuid, p_out text) language sql as $$ select null::uuid, null::text $$;
create function api.tap_none() returns text language sql as $$ select 'x' $$;
create function api.tap_rows(p_limit integer default 50) returns table (id uuid, cursor text) language sql
as $$ select null::uuid, null::text $$;
create function api.tap_user(p_user_id uuid) returns text language sql as $$ select 'x' $$;
reset role;

select results_eq($$ select * from http.arguments('api.tap_many'::regproc) $$,
  $$ values ('title', 'text', true, null, null::integer, null::integer),
            ('tags', 'text[]', false, 'text'::regtype::bigint, null, null), ('meta', 'jsonb', false, null, null, null) $$,
  'name, type, whether it is needed, what a list holds; neither the user nor what comes back');
select is_empty($$ select * from http.arguments('api.tap_none'::regproc) $$, 'none');
select is((select a.maximum from http.arguments('api.tap_rows'::regproc) a), null, 'without a route it is no size of a page');
select http.expose('POST /v1/tap/rows', 'api.tap_rows');
select results_eq($$ select a.name, a.minimum, a.maximum from http.arguments('api.tap_rows'::regproc) a $$,
                  $$ values ('limit', 1, 200) $$, 'that has bounds');
select is((select array[http.page_limit(a.minimum), http.page_limit(a.maximum)]
             from http.arguments('api.tap_rows'::regproc) a), '{1,200}', 'which are good');
select throws_ok(format('select http.page_limit(%s)', n), 'VL001', null, 'and no more')
  from http.arguments('api.tap_rows'::regproc) a, unnest(array[a.minimum - 1, a.maximum + 1]) n;
select is_empty($$ select * from http.arguments('api.tap_user'::regproc) $$, 'none but the user');
select is_empty($$ select * from http.arguments(null) $$, 'no function');

set session authorization plinth_web;
select throws_ok($$ select http.arguments(null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
