-- api.issue_access_jwt: a short-lived token that another service can check by itself (JWT, HS256): who is signed in
-- here, for that service only.
--
-- Rules   aud is the service, which has to compare it with its own name. p_lifetime in seconds: 300 unless said
--         otherwise, from 30 to jwt.longest_lifetime, and no longer than the session.
--         Plinth itself takes no JWT: it cannot be called back, so a service that must know of a sign-out at once asks
--         here instead. kid names the key; plinth_operator reads it with api.get_signing_key.
--         One that an operator has issued in a user's name is on record.
-- Errors  UN001 nobody is signed in; VL001 audience, lifetime; VL003 audience; SV503 no keys
-- Locks   none, but for the first key of all
create or replace function api.issue_access_jwt(p_user_id uuid, p_audience text, p_lifetime integer default 300)
returns table (token text, expires_at timestamptz)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session uuid := base.request_context(1)::uuid;
  v_longest integer := base.setting('jwt.longest_lifetime')::integer;
  v_user    auth.users;
  v_kid     text;
  v_key     bytea;
begin
  p_user_id := core.act_for(p_user_id);
  if p_audience is null then
    perform base.raise('VL003', 'Name the service that it is for', 'audience');
  elsif p_audience !~ '^[[:graph:]]{1,200}$' then
    perform base.raise('VL001', 'audience must have 1 to 200 characters and no blanks', 'audience');
  elsif p_lifetime is null or p_lifetime not between 30 and v_longest then
    perform base.raise('VL001', format('lifetime must be from 30 to %s seconds', v_longest), 'lifetime');
  end if;

  select k.kid, k.key into v_kid, v_key from core.signing_key() k;
  select u.* into v_user from auth.users u where u.id = p_user_id and u.status = 'active';
  if not found then
    perform base.raise('UN001', 'There is no such active account');
  end if;
  expires_at := date_trunc('second', least(now() + make_interval(secs => p_lifetime),
    (select s.refresh_expires_at from auth.sessions s where s.user_id = p_user_id and s.id = v_session)));

  token := core.sign_jwt(
    json_build_object('alg', 'HS256', 'typ', 'JWT', 'kid', v_kid),
    json_strip_nulls(json_build_object(
      'iss', base.setting('jwt.issuer'), 'sub', p_user_id, 'aud', p_audience,
      'iat', floor(extract(epoch from now()))::bigint, 'exp', extract(epoch from expires_at)::bigint,
      'jti', base.new_id(), 'sid', v_session, 'roles', v_user.roles,
      'scope', (select string_agg(distinct p.name, ' ' order by p.name)
                  from auth.roles r cross join lateral jsonb_array_elements_text(r.permissions) p (name)
                 where r.name = any (v_user.roles)))),
    v_key);
  if core.in_request() is not true then
    perform ops.write_audit('jwt.issued', 'auth.users', p_user_id::text, p_user_id,
                            jsonb_build_object('audience', jsonb_build_object('after', p_audience)));
  end if;
  return next;
end
$$;

comment on function api.issue_access_jwt(uuid, text, integer) is
  'A short-lived JWT by which another service knows who is signed in';
grant execute on function api.issue_access_jwt(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/sessions/jwt', 'api.issue_access_jwt', auth => 'session', status => 201, result => 'one');
