-- core.token_text: 32 secret bytes as a token: <prefix>_ (pls session, plr refresh, plo one-time), four hex digits that
-- tell where the user lives (the routing part), the bytes in base64url, and six hex digits of checksum, by which the
-- layer and secret scanners tell junk from a token without asking anybody.
create or replace function core.token_text(p_prefix text, p_user_id uuid, p_secret bytea)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select t.token || left(encode(sha256(convert_to(t.token, 'UTF8')), 'hex'), 6)
    from (select p_prefix || '_' || right(p_user_id::text, 4)
              || rtrim(translate(encode(p_secret, 'base64'), '+/', '-_'), '=') as token) t
$$;

comment on function core.token_text(text, uuid, bytea) is
  'Secret bytes as a token, with prefix, routing part and checksum';
grant execute on function core.token_text(text, uuid, bytea) to plinth_system;
