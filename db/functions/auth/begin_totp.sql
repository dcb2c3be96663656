-- api.begin_totp: begins to set up a second factor. The seed is in this answer, and in its picture until
-- it is confirmed.
--
-- Rules   160 random bits. Begun again, it is another one. Nobody is asked for it before it is confirmed.
--         Whoever has only a session cannot begin: it would lock the owner out. An operator who begins in a user's name
--         sees the seed, so that is on record.
-- Errors  UN001 nobody is signed in; UN003 a step-up is needed; KC004 there is one already; SV503 no keys
-- Locks   the account's row, then that of auth.totp
create or replace function api.begin_totp(p_user_id uuid)
returns table (secret text, otpauth_uri text)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_username text;
begin
  p_user_id := core.act_for(p_user_id);
  select u.username into v_username from auth.users u where u.id = p_user_id for no key update;
  if exists (select from auth.totp t where t.user_id = p_user_id and t.confirmed_at is not null) then
    perform base.raise('KC004', 'There is a second factor already; remove it first');
  end if;

  secret := core.base32_encode(ext.gen_random_bytes(20));
  otpauth_uri := core.totp_uri(v_username, secret);
  insert into auth.totp (user_id, secret_encrypted)
  values (p_user_id, core.encrypt_secret(secret, 'totp:' || p_user_id))
  on conflict (user_id) do update set secret_encrypted = excluded.secret_encrypted, created_at = excluded.created_at;
  if core.in_request() is not true then
    perform ops.write_audit('totp.begun', 'auth.users', p_user_id::text, p_user_id);
  end if;
  return next;
end
$$;

comment on function api.begin_totp(uuid) is 'Begins to set up a second factor: the seed for an authenticator app';
grant execute on function api.begin_totp(uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/me/totp', 'api.begin_totp', auth => 'step_up', status => 201, result => 'one');
