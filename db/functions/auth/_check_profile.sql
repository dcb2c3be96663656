-- core.check_profile: the rules of what a person says about himself. NULL is not looked at: it is not named.
--
-- Errors  VL001 on full_name, avatar_url, bio or metadata
create or replace function core.check_profile(p_full_name text, p_avatar_url text, p_bio text, p_metadata jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if length(p_full_name) > 200 or p_full_name ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'full_name must have at most 200 characters and no control characters', 'full_name');
  end if;
  if p_avatar_url <> '' and (length(p_avatar_url) > 2000 or p_avatar_url !~ '^https?://[^[:space:][:cntrl:]]+$') then
    perform base.raise('VL001', 'avatar_url must be an http or https address of at most 2,000 characters', 'avatar_url');
  end if;
  if length(p_bio) > 2000 then
    perform base.raise('VL001', 'bio must have at most 2,000 characters', 'bio');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or octet_length(p_metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16 kB', 'metadata');
  end if;
end
$$;

comment on function core.check_profile(text, text, text, jsonb) is 'Refuses a profile that breaks a rule';
grant execute on function core.check_profile(text, text, text, jsonb) to plinth_system;
