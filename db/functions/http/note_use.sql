-- http.note_use: notes when sessions and API keys were last used. The layer tells it, once a minute, the SHA-256 of
-- the tokens presented since: a write of its own in each request would cost more than the request.
--
-- Rules   What is unknown, ended or revoked is passed over; so is what was noted less than a minute ago, or is locked.
-- Locks   the rows it writes, none that it would have to wait for
-- Owned by plinth_system: it writes for whoever presented a token, and only when.
create or replace function http.note_use(p_tokens bytea[])
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sessions integer;
  v_keys     integer;
begin
  with used as (
    select s.user_id, s.id from auth.sessions s
     where s.token_hash = any (p_tokens) and s.ended_at is null and s.last_seen_at < now() - interval '1 minute'
       for no key update skip locked)
  update auth.sessions s set last_seen_at = now() from used u where s.user_id = u.user_id and s.id = u.id;
  get diagnostics v_sessions = row_count;

  with used as (
    select k.user_id, k.id from auth.api_keys k
     where (k.secret_hash = any (p_tokens) or k.previous_hash = any (p_tokens)) and k.revoked_at is null
       and coalesce(k.last_used_at, '-infinity') < now() - interval '1 minute'
       for no key update skip locked)
  update auth.api_keys k set last_used_at = now() from used u where k.user_id = u.user_id and k.id = u.id;
  get diagnostics v_keys = row_count;
  return v_sessions + v_keys;
end
$$;

comment on function http.note_use(bytea[]) is
  'Notes that the tokens with these hashes were used; returns how many were written';
grant execute on function http.note_use(bytea[]) to plinth_web;
alter function http.note_use(bytea[]) owner to plinth_system;
