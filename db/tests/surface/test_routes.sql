-- The registry against the catalog: every function of the contract is reachable or says why not, and routes make sense.
begin;
set local search_path = tap, pg_catalog;
select plan(22);

create function pg_temp.contract() returns setof pg_proc language sql as $$
  select * from pg_proc where pronamespace = 'api'::regnamespace
$$;

create function pg_temp.unspoken() returns setof text language sql as $$
  select p.oid::regproc::text from pg_temp.contract() p
   where p.oid::regproc::text not in (
           select function_name from http.routes union all select function_name from http.unrouted)
$$;

-- {name} in a path is the argument p_name.
create function pg_temp.loose_path_arguments() returns setof text language sql as $$
  select format('%s %s', r.method, r.path) from http.routes r
    join pg_temp.contract() p on p.oid::regproc::text = r.function_name
   cross join lateral regexp_matches(r.path, '\{([a-z0-9_]+)\}', 'g') as m (word)
   where not 'p_' || m.word[1] = any (coalesce(p.proargnames[:p.pronargs], '{}'))
$$;

create function pg_temp.ambiguous() returns setof text language sql as $$
  select format('%s %s', method, regexp_replace(path, '\{[a-z0-9_]+\}', '{}', 'g')) from http.routes
   group by 1 having count(*) > 1
$$;

create function pg_temp.writes_on_get() returns setof text language sql as $$
  select r.path from http.routes r join pg_temp.contract() p on p.oid::regproc::text = r.function_name
   where p.provolatile = 'v' and (r.method = 'GET' or r.lane = 'read')
$$;

create function pg_temp.open_user_functions() returns setof text language sql as $$
  select r.path from http.routes r join pg_temp.contract() p on p.oid::regproc::text = r.function_name
   where 'p_user_id' = any (p.proargnames[:p.pronargs]) and r.auth = 'none'
$$;

create function pg_temp.asked() returns table (function text, permission text) language sql as $$
  select p.oid::regproc::text, m.word[1]
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace and n.nspowner = 'plinth_owner'::regrole
   cross join lateral regexp_matches(p.prosrc, 'core\.require_permission\(\s*''([^'']*)''', 'g') as m (word)
$$;

create function pg_temp.unknown_permissions() returns setof text language sql as $$
  select format('%s asks for %s', a.function, a.permission) from pg_temp.asked() a
   where a.permission <> '*' and not exists (select from auth.permissions k where k.name = a.permission)
$$;

-- The answers of a route with a permission depend on all:permissions, so its function may ask for no other.
create function pg_temp.kept_beyond_permission() returns setof text language sql as $$
  select r.path from http.routes r
    join pg_temp.asked() a on a.function = r.function_name
   where r.cache_seconds is not null and a.permission is distinct from r.permission
$$;

-- An answer in which a flag counts depends on flags, and on the tier, which is of the profile.
create function pg_temp.kept_beyond_flag() returns setof text language sql as $$
  select r.path from http.routes r
    join pg_proc p on p.oid = r.function_name::regproc
   where r.cache_seconds is not null and not r.cache_tags @> '{all:flags,profile}'
     and p.prosrc ~ '(core\.(has|require)_flag|api\.is_feature_enabled|core\.judge_flags)\('
$$;

select isnt_empty('select from http.routes', 'there are routes');
select isnt_empty('select from pg_temp.asked()', 'and functions that ask for a permission');
select is_empty('select pg_temp.unspoken()', 'every function of the contract has a route or a no_route mark');
select is_empty('select function_name from http.routes intersect select function_name from http.unrouted',
                'and not both');
select is_empty(
  $$ select function_name from (select function_name from http.routes union select function_name from http.unrouted) f
      where function_name not in (select p.oid::regproc::text from pg_temp.contract() p) $$,
  'no route leads to a function that is not there');
select is_empty('select pg_temp.loose_path_arguments()', 'what stands in a path is an argument');
select is_empty('select pg_temp.ambiguous()', 'no two routes take the same requests');
select is_empty('select pg_temp.writes_on_get()', 'GET and the read lane only reach functions that do not write');
select is_empty('select pg_temp.open_user_functions()', 'who answers for a user asks who it is');
select is_empty(
  $$ select path from http.routes where cache_seconds is not null and auth <> 'none' and cache_tags = '{}' $$,
  'what is kept for a user has a tag that makes it void');
select is_empty(
  $$ select method, path from http.routes
      where (result = 'none') <> (status = 204) or method = 'POST' and status not in (200, 201, 202, 204) $$,
  'the status fits the answer');
select is_empty(
  $$ select method, path, permission from http.routes r
      where permission is not null
        and not exists (select from auth.permissions k where k.name = r.permission) $$,
  'a permission that a route asks for exists');
select is_empty('select pg_temp.unknown_permissions()', 'and so does one that a function asks for');
select is_empty('select pg_temp.kept_beyond_permission()', 'what is kept for who may is void once he may not');
select is_empty('select pg_temp.kept_beyond_flag()', 'what is kept behind a flag is void when that changes');
select is_empty(
  $$ select method, path from http.routes where regexp_replace(path, '\{[a-z0-9_]+\}', '', 'g') ~ '[A-Z_]' $$,
  'paths are written in lower case, with hyphens');

create function api.planted(p_user_id uuid) returns void language sql as 'select';
select results_eq('select pg_temp.unspoken()', array['api.planted'], 'a function without a word is found');
insert into http.routes (method, path, function_name, auth, status, result, lane, file) values
  ('GET', '/v1/{odd}', 'api.planted', 'none', 200, 'value', 'read', 'planted'),
  ('GET', '/v1/{strange}', 'api.planted', 'none', 200, 'value', 'read', 'planted');
select set_eq('select pg_temp.loose_path_arguments() union all select pg_temp.ambiguous()',
              array['GET /v1/{odd}', 'GET /v1/{strange}', 'GET /v1/{}'], 'a path without its argument is found');
select set_eq('select pg_temp.writes_on_get() union all select pg_temp.open_user_functions()',
              array['/v1/{odd}', '/v1/{strange}'], 'an open user function and a writing GET are found');
create or replace function api.planted(p_user_id uuid) returns void language plpgsql stable as $$
begin
  perform core.require_permission('users:raed');
  perform core.require_flag(p_user_id, 'x');
end $$;
update http.routes set cache_seconds = 60 where path = '/v1/{odd}';
select results_eq('select pg_temp.unknown_permissions()', array['api.planted asks for users:raed'],
                  'a permission that is none is found');
select results_eq('select pg_temp.kept_beyond_permission()', array['/v1/{odd}'],
                  'an answer kept beyond its permission is found');
select results_eq('select pg_temp.kept_beyond_flag()', array['/v1/{odd}'], 'an answer kept beyond its flag is found');

select * from finish();
rollback;
