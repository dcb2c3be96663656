-- core.check_memory: the rules of a memory, whoever makes or changes it. p_path is how errors name one of a list:
-- 'memories[3].'.
--
-- Errors  VL001 a field breaks a rule; VL003 content is missing
create or replace function core.check_memory(p_memory memory.semantic_memories, p_path text default '')
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- What answers can tell in four digits.
  c_first constant timestamptz := '0001-01-01 UTC';
  c_last  constant timestamptz := '9999-12-31 23:59:59.999999 UTC';
begin
  if p_memory.content is null then
    perform base.raise('VL003', 'content is required', p_path || 'content');
  elsif length(p_memory.content) not between 1 and 10000 then
    perform base.raise('VL001', 'content must have 1 to 10,000 characters', p_path || 'content');
  end if;
  if p_memory.kind !~ '^[a-z][a-z0-9_.-]{0,49}$' then
    perform base.raise('VL001', 'kind must have 1 to 50 lower-case letters, and after the first also digits, _, . and -',
                       p_path || 'kind');
  end if;
  -- Of less, a share is no number any more: recalls would fail.
  if p_memory.importance not between 0.000001 and 1 and p_memory.importance <> 0 then
    perform base.raise('VL001', 'importance must be from 0.000001 to 1, or 0', p_path || 'importance');
  end if;
  if jsonb_typeof(p_memory.metadata) <> 'object' or octet_length(p_memory.metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16 kB', p_path || 'metadata');
  end if;
  if p_memory.valid_from not between c_first and c_last then
    perform base.raise('VL001', 'valid_from must be a moment of the years 1 to 9999', p_path || 'valid_from');
  end if;
  if p_memory.valid_to not between greatest(p_memory.valid_from, c_first) and c_last then
    perform base.raise('VL001', 'valid_to must be a moment, not before valid_from, up to the year 9999', p_path || 'valid_to');
  end if;
  if p_memory.expires_at <= now() or p_memory.expires_at > c_last then
    perform base.raise('VL001', 'expires_at must be in the future, up to the year 9999', p_path || 'expires_at');
  end if;
  if (p_memory.qdrant_collection is null) <> (p_memory.qdrant_point_id is null) then
    perform base.raise('VL001', 'qdrant_collection and qdrant_point_id come together or not at all',
      p_path || case when p_memory.qdrant_collection is null then 'qdrant_collection' else 'qdrant_point_id' end);
  end if;
  if length(p_memory.qdrant_collection) not between 1 and 255 or p_memory.qdrant_collection ~ '[[:cntrl:]/]' then
    perform base.raise('VL001', 'qdrant_collection must have 1 to 255 characters, without / and control characters',
                       p_path || 'qdrant_collection');
  end if;
  if p_memory.qdrant_point_id !~ '^([0-9]{1,20}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$' then
    perform base.raise('VL001', 'qdrant_point_id must be a whole number or a UUID', p_path || 'qdrant_point_id');
  end if;
end
$$;

comment on function core.check_memory(memory.semantic_memories, text) is 'Refuses a memory that breaks a rule';
