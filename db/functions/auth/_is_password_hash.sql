-- core.is_password_hash: whether a text is a hash that core.password_matches can check; an import must not bring
-- others, because their owners could never sign in.
--
-- Rules   One of ours with its pepper version, or one that core.imported_hash knows. The hashes of the development
--         seeds are public and count as none.
create or replace function core.is_password_hash(p_hash text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((p_hash ~ '^p[0-9a-f]+\$2a\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$'
                   or (core.imported_hash(p_hash)).method is not null)
                  and not core.is_default_hash(p_hash), false)
$$;

comment on function core.is_password_hash(text) is 'Whether a text is a password hash that can be checked';
grant execute on function core.is_password_hash(text) to plinth_system;
