-- core.secret_key: a key of 32 bytes for one use (encrypt, authenticate) and one purpose, derived from a main key that
-- the connection brought in plinth.secret_keys: "<id>:<hex>,…", the one in force first, then those it replaced.
-- p_id names the main key; NULL is the one in force.
--
-- Errors  SV503 the connection brought no keys; SV510 the named one is not among them; 22023 no purpose
create or replace function core.secret_key(p_use text, p_purpose text, p_id text default null)
returns bytea
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text := current_setting('plinth.secret_keys', true);
  v_key  text;
begin
  if coalesce(p_purpose, '') = '' then
    raise exception 'A secret is encrypted for a purpose' using errcode = '22023';
  end if;
  if v_keys is null or v_keys !~ '^[0-9a-f]{8}:[0-9a-f]{64}(,[0-9a-f]{8}:[0-9a-f]{64})*$' then
    perform base.raise('SV503', 'This connection brought no key, so no secret can be written or read',
                       null, 'Connect with plinth psql, or set plinth.secret_keys for the session.');
  end if;

  v_key := split_part(split_part(substr(v_keys, coalesce(strpos(v_keys, p_id || ':'), 1)), ',', 1), ':', 2);
  -- Not only that the text occurs: an id that ends one key and begins the next would lead to an empty key.
  if p_id !~ '^[0-9a-f]{8}$' or strpos(v_keys, p_id || ':') = 0 then
    perform base.raise('SV510', format('The key %s that this secret was written with is not at hand', p_id),
                       null, 'Name the former PLINTH_SECRET_KEY in PLINTH_SECRET_KEY_PREVIOUS.');
  end if;
  return ext.hmac(convert_to(concat('plinth ', p_use, ' 1 ', p_purpose), 'UTF8'), decode(v_key, 'hex'), 'sha256');
end
$$;

comment on function core.secret_key(text, text, text) is
  'The key for one use and purpose, from those the connection brought';
grant execute on function core.secret_key(text, text, text) to plinth_system;
