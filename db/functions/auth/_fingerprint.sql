-- core.fingerprint: sixteen hex digits by which equal secrets of one purpose are known to be equal. Keyed, so that
-- nobody can try out guesses on it, nor compare the secrets of two purposes.
--
-- Errors  SV503 the connection brought no keys; 22023 no purpose
create or replace function core.fingerprint(p_plain text, p_purpose text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return left(encode(ext.hmac(convert_to(p_plain, 'UTF8'), core.secret_key('fingerprint', p_purpose), 'sha256'), 'hex'), 16);
end
$$;

comment on function core.fingerprint(text, text) is 'A keyed digest by which equal secrets of one purpose are known';
grant execute on function core.fingerprint(text, text) to plinth_system;
