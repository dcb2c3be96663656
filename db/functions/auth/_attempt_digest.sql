-- core.attempt_digest: what stands in auth.attempts for a login, a user or an address. Without the key, which is
-- outside the database, nobody finds out which it is. NULL is a subject like any other.
--
-- Errors  SV503 the connection brought no keys
create or replace function core.attempt_digest(p_text text)
returns bytea
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select substr(ext.hmac(convert_to(coalesce(p_text, ''), 'UTF8'), core.secret_key('digest', 'attempts'), 'sha256'), 1, 16)
$$;

comment on function core.attempt_digest(text) is 'Keyed digest of a login, user or address, as auth.attempts has it';
grant execute on function core.attempt_digest(text) to plinth_system;
