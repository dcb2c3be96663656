-- core.reencrypt_secrets: writes anew what was encrypted with a key that was replaced. A job: after a change of
-- PLINTH_SECRET_KEY it works until nothing is left, so many rows at a time, while requests run.
--
-- Rules   The key that came last wins: while processes are restarted one by one, those that still write with the one
--         before do not undo what the others did.
--         What cannot be read (altered, or its key is not at hand) stays as it is; api.list_secret_keys counts it.
--         Every column named …_encrypted is here; a test holds this function to that.
-- Locks   the rows it writes, none that it would have to wait for
-- Owned by plinth_system: a job for all users.
create or replace function core.reencrypt_secrets(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys  text[] := string_to_array(current_setting('plinth.secret_keys', true), ',');
  v_old   bytea[] := array(select decode(split_part(k, ':', 1), 'hex') from unnest(v_keys[2:]) k);
  v_rows  integer;
  v_count integer := 0;
begin
  perform core.adopt_secret_key();
  if (select k.key_id from ops.secret_keys k order by k.first_used_at desc limit 1) <> split_part(v_keys[1], ':', 1) then
    return 0;
  end if;

  with old as (
    select k.user_id, k.id, k.secret_encrypted, concat('provider_key:', k.user_id, ':', k.id) as purpose
      from auth.provider_keys k
     where substr(k.secret_encrypted, 2, 4) = any (v_old)
     limit p_limit
       for no key update skip locked),
  fresh as materialized (
    select o.user_id, o.id, o.purpose, core.reencrypted(o.secret_encrypted, o.purpose) as cipher from old o)
  update auth.provider_keys k
     set secret_encrypted = f.cipher,
         fingerprint = core.fingerprint(core.decrypt_secret(f.cipher, f.purpose), concat('provider_key:', k.user_id))
    from fresh f
   where k.user_id = f.user_id and k.id = f.id and f.cipher is not null;
  get diagnostics v_rows = row_count;
  v_count := v_count + v_rows;

  with old as (
    select t.user_id, t.secret_encrypted
      from auth.totp t
     where substr(t.secret_encrypted, 2, 4) = any (v_old)
     limit p_limit - v_count
       for no key update skip locked),
  fresh as materialized (
    select o.user_id, core.reencrypted(o.secret_encrypted, 'totp:' || o.user_id) as cipher from old o)
  update auth.totp t set secret_encrypted = f.cipher from fresh f where t.user_id = f.user_id and f.cipher is not null;
  get diagnostics v_rows = row_count;
  v_count := v_count + v_rows;

  with old as (
    select o.user_id, o.id, o.token_encrypted
      from ops.outbox o
     where substr(o.token_encrypted, 2, 4) = any (v_old)
     limit p_limit - v_count
       for no key update skip locked),
  fresh as materialized (
    select o.user_id, o.id, core.reencrypted(o.token_encrypted, format('mail:%s:%s', o.user_id, o.id)) as cipher from old o)
  update ops.outbox o set token_encrypted = f.cipher
    from fresh f
   where o.user_id = f.user_id and o.id = f.id and f.cipher is not null;
  get diagnostics v_rows = row_count;
  v_count := v_count + v_rows;

  with old as (
    select k.user_id, k.function_name, k.key, k.answer_encrypted
      from ops.idempotency_keys k
     where substr(k.answer_encrypted, 2, 4) = any (v_old)
     limit p_limit - v_count
       for no key update skip locked),
  fresh as materialized (
    select o.*, core.reencrypted(o.answer_encrypted,
                                 concat_ws(':', 'idempotency', o.user_id, o.function_name, o.key)) as cipher from old o)
  update ops.idempotency_keys k set answer_encrypted = f.cipher
    from fresh f
   where k.user_id = f.user_id and k.function_name = f.function_name and k.key = f.key and f.cipher is not null;
  get diagnostics v_rows = row_count;
  v_count := v_count + v_rows;

  with fresh as materialized (
    select k.kid, core.reencrypted(k.key_encrypted, 'signing_key:' || k.kid) as cipher
      from auth.signing_keys k
     where substr(k.key_encrypted, 2, 4) = any (v_old)
     limit p_limit - v_count)
  update auth.signing_keys k set key_encrypted = f.cipher from fresh f where k.kid = f.kid and f.cipher is not null;
  get diagnostics v_rows = row_count;
  v_count := v_count + v_rows;
  return v_count;
end
$$;

comment on function core.reencrypt_secrets(integer) is 'Writes anew what was encrypted with a key that was replaced';
alter function core.reencrypt_secrets(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.reencrypt_secrets(integer) to plinth_owner, plinth_operator;
set local role plinth_owner;
select http.schedule('core.reencrypt_secrets', every => '10 minutes');
