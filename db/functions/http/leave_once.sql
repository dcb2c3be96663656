-- http.leave_once: the way out of a call that brought an Idempotency-Key. Of a new call: http.leave, and the answer is
-- kept in the same transaction. Of one that has happened already: the answer that was kept, and what it touched.
--
-- Rules   p_once is what http.enter_once returned.
--         Only what took effect is kept: an error that is raised leaves nothing, a failure that is kept (a wrong
--         password) is none of the answers to give again.
--         A new call always writes, and has a transaction id; a replay never does, and has none.
-- Errors  those of http.leave; KC009 the same call was finished meanwhile, past the lock
-- Locks   the key it inserts
-- Owned by plinth_system: there may be no caller; it writes the row of this caller only.
create or replace function http.leave_once(p_once json, p_status integer, p_body text)
returns table (status integer, body text, xid text, tags text[])
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_once ->> 'status' is not null then
    status := p_once ->> 'status';
    body := p_once ->> 'body';
    tags := array(select json_array_elements_text(p_once -> 'tags'));
    return next;
    return;
  end if;

  select l.status, l.body, l.tags into status, body, tags from http.leave(p_status, p_body) l;
  if status < 400 then
    insert into ops.idempotency_keys as k (user_id, function_name, key, status, answer_encrypted, tags, expires_at)
    values ((p_once ->> 'user_id')::uuid, p_once ->> 'function', p_once ->> 'key', leave_once.status,
            core.encrypt_secret(
              concat(p_once ->> 'arguments', leave_once.body),
              concat_ws(':', 'idempotency', p_once ->> 'user_id', p_once ->> 'function', p_once ->> 'key')),
            coalesce(leave_once.tags, '{}'), now() + make_interval(hours => (p_once ->> 'hours')::integer))
    on conflict do nothing;
    if not found then
      perform base.raise('KC009', 'The first call with this key is not finished', 'Idempotency-Key');
    end if;
  end if;
  xid := pg_current_xact_id_if_assigned();
  return next;
end
$$;

comment on function http.leave_once(json, integer, text) is
  'The way out of a call with an Idempotency-Key: the answer is kept, or given again';
grant execute on function http.leave_once(json, integer, text) to plinth_web;
alter function http.leave_once(json, integer, text) owner to plinth_system;
