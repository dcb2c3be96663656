-- core.new_token: a secret that is shown once: <prefix>_ (pls session, plr refresh, plo one-time), four hex digits that
-- tell where the user lives (the routing part), 32 random bytes in base64url, and six hex digits of checksum, by which
-- the layer and secret scanners tell junk from a token without asking anybody.
create or replace function core.new_token(p_prefix text, p_user_id uuid)
returns text
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select t.token || left(encode(sha256(convert_to(t.token, 'UTF8')), 'hex'), 6)
    from (select concat(p_prefix, '_', right(p_user_id::text, 4),
                        rtrim(translate(encode(ext.gen_random_bytes(32), 'base64'), '+/', '-_'), '=')) as token) t
$$;

comment on function core.new_token(text, uuid) is 'A new secret token with prefix, routing part and checksum';
grant execute on function core.new_token(text, uuid) to plinth_system;
