-- core.is_default_hash: whether a hash is one of those that the development seeds bring (B27); sign-in leaves
-- such a hash as it is, so that it is known again.
create or replace function core.is_default_hash(p_hash text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_hash like '$2_$12$plinthseeds%'
$$;

comment on function core.is_default_hash(text) is
  'Whether a hash belongs to a default password of the development seeds';
grant execute on function core.is_default_hash(text) to plinth_system;
