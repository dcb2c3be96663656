-- core.sign_jwt: a JSON Web Token (RFC 7519) signed with HMAC-SHA-256.
create or replace function core.sign_jwt(p_header json, p_claims json, p_key bytea)
returns text
language sql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
  select s.input || '.' || core.base64url(ext.hmac(convert_to(s.input, 'UTF8'), p_key, 'sha256'))
    from (select core.base64url(convert_to(p_header::text, 'UTF8')) || '.'
              || core.base64url(convert_to(p_claims::text, 'UTF8')) as input) s
$$;

comment on function core.sign_jwt(json, json, bytea) is 'A JSON Web Token signed with HMAC-SHA-256';
