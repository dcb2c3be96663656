-- http.enter_once: the way in of a call that brought an Idempotency-Key. http.enter, and then the question whether this
-- call has happened already. http.leave_once takes what it returns in once: of a new call what the answer will be kept
-- under, of one that happened the answer; then the function under it is not called.
--
-- Rules   A key belongs to a caller and a function: whichever route, session or API key it came by. p_arguments is the
--         SHA-256 of the arguments in hex. The same key with others is refused.
--         Callers nobody knows are told apart by their addresses. So that nobody finds out by trying what somebody at
--         the same address sent with a key (a password), a key used with other arguments is forgotten.
--         What has run out, or was written with a main key that is gone, is as if it had never been.
--         Of two calls at once the second does not wait here, where it would hold a connection: the layer tries again.
-- Errors  those of http.enter; KC009 the first call is under way; VL005 the key was used with other arguments (kept,
--         not raised, for callers nobody knows)
-- Locks   an advisory lock on caller, function and key, never waited for; the primary key stays the truth
-- Owned by plinth_system: there may be no caller; it reads and removes rows of this caller only.
create or replace function http.enter_once(
  p_auth       text,
  p_permission text,
  p_token      bytea,
  p_context    text,
  p_scope      text default null,
  p_function   text default null,
  p_hours      integer default null,
  p_key        text default null,
  p_arguments  text default null
)
returns table (proceed boolean, user_id uuid, expires_in integer, once json)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_who     uuid;
  v_purpose text;
  v_known   ops.idempotency_keys;
  v_said    text;
begin
  select e.* into proceed, user_id, expires_in
    from http.enter(p_auth, p_permission, p_token, p_context, p_scope) e;

  v_who := coalesce(user_id, encode(core.attempt_digest('once ' || base.request_context(3)), 'hex')::uuid);
  v_purpose := concat_ws(':', 'idempotency', v_who, p_function, p_key);
  if not pg_try_advisory_xact_lock(hashtextextended(v_purpose, 0)) then
    perform base.raise('KC009', 'The first call with this key is not finished', 'Idempotency-Key');
  end if;

  select k.* into v_known
    from ops.idempotency_keys k
   where k.user_id = v_who and k.function_name = p_function and k.key = p_key;
  if v_known.expires_at > now() then
    begin
      v_said := core.decrypt_secret(v_known.answer_encrypted, v_purpose);
    exception when sqlstate 'SV510' then
      v_said := null;
    end;
  end if;

  if left(v_said, 64) = p_arguments then
    proceed := false;
    once := json_build_object('status', v_known.status, 'body', nullif(substr(v_said, 65), ''), 'tags', v_known.tags);
    return next;
    return;
  elsif v_said is null then
    once := json_build_object('user_id', v_who, 'function', p_function, 'key', p_key, 'hours', p_hours,
                              'arguments', p_arguments);
  elsif user_id is not null then
    perform base.raise('VL005', 'This key was used for a call with other arguments', 'Idempotency-Key');
  else
    proceed := false;
    perform core.keep_failure('VL005', 'This key was used for a call with other arguments', 'Idempotency-Key');
  end if;
  if v_known.key is not null then
    delete from ops.idempotency_keys k
     where k.user_id = v_who and k.function_name = p_function and k.key = p_key;
  end if;
  return next;
end
$$;

comment on function http.enter_once(text, text, bytea, text, text, text, integer, text, text) is
  'The way in of a call with an Idempotency-Key: whose it is, and whether it has happened already';
grant execute on function http.enter_once(text, text, bytea, text, text, text, integer, text, text)
  to plinth_web;
alter function http.enter_once(text, text, bytea, text, text, text, integer, text, text) owner to plinth_system;
