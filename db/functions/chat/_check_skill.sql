-- core.check_skill: refuses what of a skill breaks a rule; what is NULL was not given.
--
-- Errors  VL001 name, version, description, timeout_seconds, tags, metadata
create or replace function core.check_skill(
  p_name            text,
  p_version         text,
  p_description     text,
  p_timeout_seconds integer,
  p_tags            text[],
  p_metadata        jsonb
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_name !~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$' then
    perform base.raise('VL001', 'name must have 1 to 64 letters, digits, _ and -, and begin with a letter', 'name');
  end if;
  if length(p_version) > 100 or p_version !~ ('^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?'
                                               || '(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$')
  then
    perform base.raise('VL001', 'version must be a semantic version such as 1.0.0, of at most 100 characters', 'version');
  end if;
  if length(p_description) not between 1 and 2000 then
    perform base.raise('VL001', 'description must have 1 to 2,000 characters', 'description');
  end if;
  if p_timeout_seconds not between 1 and 86400 then
    perform base.raise('VL001', 'timeout_seconds must be from 1 to 86,400', 'timeout_seconds');
  end if;
  if cardinality(p_tags) > 50 or exists (select from unnest(p_tags) t where t is null or length(t) not between 1 and 50) then
    perform base.raise('VL001', 'tags must be at most 50 texts of 1 to 50 characters', 'tags');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or octet_length(p_metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16,384 bytes', 'metadata');
  end if;
end
$$;

comment on function core.check_skill(text, text, text, integer, text[], jsonb) is
  'Refuses what of a skill breaks a rule';
