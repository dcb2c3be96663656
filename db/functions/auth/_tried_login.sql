-- core.tried_login: what the audit trail keeps of a login that somebody typed.
--
-- Rules   A keyed digest, by which the erasure of an account that was not active finds what names it; of an account's,
--         the login, too. Not of an unknown one, because people type their passwords there. The work is the same.
-- Errors  SV503 the connection brought no keys
create or replace function core.tried_login(p_user_id uuid, p_login text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'login', case when p_user_id is not null then left(p_login, 254) end,
    'login_digest', encode(core.attempt_digest(lower(p_login)), 'hex')))
$$;

comment on function core.tried_login(uuid, text) is 'What the audit trail keeps of a login that somebody typed';
grant execute on function core.tried_login(uuid, text) to plinth_system;
