-- http.entry: the call of a way in, as a route makes it.
begin;
select plan(15);

select is(pg_get_function_arguments('http.entry'::regproc), 'p_route http.routes, p_way_in text', 'arguments');
select is(pg_get_function_result('http.entry'::regproc), 'text', 'result');
select volatility_is('http', 'entry', array['http.routes', 'text'], 'stable');
select isnt_definer('http', 'entry', array['http.routes', 'text']);
select function_owner_is('http', 'entry', array['http.routes', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.entry'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.entry'::regproc;

create function pg_temp.route(p_method text, p_auth text, p_permission text, p_lane text) returns http.routes language sql as $$
  select r from jsonb_populate_record(null::http.routes,
    jsonb_build_object('method', p_method, 'auth', p_auth, 'permission', p_permission, 'lane', p_lane, 'function_name',
      case p_lane when 'write' then 'api.update_current_user' else 'api.get_current_user' end)) r
$$;
select is(http.entry(pg_temp.route('GET', 'user', null, 'read'), 'enter'),
  'http.enter(''user'', NULL, $1::bytea, $2::text, ''self:read'')', 'what reads');
select is(http.entry(pg_temp.route('POST', 'user', null, 'slow'), 'assume'),
  'http.assume(''user'', NULL, $1::bytea, $2::text, ''self:read'')', 'also by POST and in another lane, by another way in');
select is(http.entry(pg_temp.route('POST', 'user', null, 'write'), 'enter'),
  'http.enter(''user'', NULL, $1::bytea, $2::text, ''self:write'')', 'what writes');
select is(http.entry(pg_temp.route('GET', 'user', 'a:b', 'read'), 'vouch'),
  'http.vouch(''user'', ''a:b'', $1::bytea, $2::text)', 'a permission is the scope');
select is(http.entry(pg_temp.route('GET', 'session', null, 'read'), 'enter'),
  'http.enter(''session'', NULL, $1::bytea, $2::text)', 'a session has none');
select is(http.entry(pg_temp.route('POST', 'none', null, 'write'), 'enter'),
  'http.enter(''none'', NULL, $1::bytea, $2::text)', 'nor has nobody');

select is(
  http.entry(jsonb_populate_record(pg_temp.route('POST', 'user', null, 'write'),
                                   '{"function_name": "api.create_user", "once": "must"}'), 'enter_once'),
  'http.enter_once(''user'', NULL, $1::bytea, $2::text, ''self:write'', p_function => ''api.create_user'', p_hours => 72, '
  'p_key => $3::text, p_arguments => $4::text)', 'with a key, where money moves');
select ok(
  http.entry(jsonb_populate_record(pg_temp.route('POST', 'none', null, 'write'),
                                   '{"function_name": "api.create_user", "once": "may"}'), 'enter_once')
  ~ '\$2::text, p_function => ''api.create_user'', p_hours => 24, ', 'with a key, elsewhere');

select * from finish();
rollback;
