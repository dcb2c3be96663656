-- core.issue_one_time_token: a new token that works once, of one kind, for one user, bound to what it is for.
--
-- Rules   256 random bits, of which only the SHA-256 is kept. Returned once, never to be stored: a message brings its
--         link by itself, see core.send_mail.
--         Open tokens of the same user and kind become void, unless p_keep_older says otherwise.
-- Locks   the open tokens of this user and kind
-- Owned by plinth_system: it is issued before its user is known to be there.
create or replace function core.issue_one_time_token(
  p_user_id    uuid,
  p_kind       text,
  p_lifetime   interval,
  p_payload    jsonb default '{}',
  p_keep_older boolean default false
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_token text := core.new_token('plo', p_user_id);
begin
  if not p_keep_older then
    perform core.void_one_time_tokens(p_user_id, p_kind);
  end if;

  insert into auth.one_time_tokens (user_id, kind, token_hash, payload, expires_at)
  values (p_user_id, p_kind, sha256(convert_to(v_token, 'UTF8')), p_payload, now() + p_lifetime);
  return v_token;
end
$$;

comment on function core.issue_one_time_token(uuid, text, interval, jsonb, boolean) is
  'A new token that works once, of one kind, bound to what it is for';
alter function core.issue_one_time_token(uuid, text, interval, jsonb, boolean) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.issue_one_time_token(uuid, text, interval, jsonb, boolean) to plinth_owner;
set local role plinth_owner;
