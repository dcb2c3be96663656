-- http.vouch: the primary's word for a replica: who is calling, and for which question http.enter let him in. A
-- replica knows sessions, keys and roles only as they were; so it is never asked about them, it believes this word.
--
-- Rules   http.enter decides: all its rules and errors are here.
--         The word names user, session or key, what was asked (auth, permission, scope), the SHA-256 of the token, the
--         last beat, a position of the log that no commit so far lies behind, and until when it is good: as many
--         seconds as plinth.replica_max_lag of the connection says, and no longer than the session or key.
--         It is signed with a key derived from the main key, for this purpose only.
--         NULL: no word can be given, since the layer has no replicas, or there was no beat of late.
-- Errors  those of http.enter; SV503 the connection brought no keys
-- Locks   none
-- Owned by plinth_system: it calls http.enter.
create or replace function http.vouch(
  p_auth       text,
  p_permission text,
  p_token      bytea,
  p_context    text,
  p_scope      text default null
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seconds integer := nullif(current_setting('plinth.replica_max_lag', true), '')::integer;
  v_user_id uuid;
  v_left    integer;
  v_beat    uuid;
  v_vouch   text;
begin
  select e.user_id, e.expires_in into v_user_id, v_left
    from http.enter(p_auth, p_permission, p_token, p_context, p_scope) e;

  select b.id into v_beat
    from http.beats b
   where b.beat_at between clock_timestamp() - interval '5 s' and clock_timestamp() + interval '5 s'
   order by b.id desc
   limit 1;
  -- Since this transaction began; one less is certain.
  if v_seconds is null or v_user_id is null or v_beat is null or v_left < 2 then
    return null;
  end if;

  -- Where the next record of the log will be written: whatever was committed so far lies before it.
  v_vouch := format('v1|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s', left(current_setting('plinth.secret_keys', true), 8), v_user_id,
    base.request_context(1), base.request_context(5), p_auth, p_permission, p_scope, encode(p_token, 'hex'), v_beat,
    pg_current_wal_insert_lsn(), extract(epoch from clock_timestamp()) + least(v_seconds, v_left - 1));
  return v_vouch || '|' || encode(
    ext.hmac(convert_to(v_vouch, 'UTF8'), core.secret_key('authenticate', 'vouch'), 'sha256'), 'hex');
end
$$;

comment on function http.vouch(text, text, bytea, text, text) is
  'The primary''s signed word for a replica: who is calling, and what he was let in for';
grant execute on function http.vouch(text, text, bytea, text, text) to plinth_web, plinth_operator;
alter function http.vouch(text, text, bytea, text, text) owner to plinth_system;
