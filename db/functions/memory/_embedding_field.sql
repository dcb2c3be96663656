-- core.embedding_field: how a field of the n-th embedding (from 1) is called in an error: embedding, or embeddings[0]
-- where several came side by side. The collection is one for all of them.
create or replace function core.embedding_field(p_field text, p_n bigint, p_many boolean)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_many and p_field <> 'collection'
              then format('%s%s[%s]', p_field, case when p_field <> 'metadata' then 's' end, p_n - 1)
              else p_field end
$$;

comment on function core.embedding_field(text, bigint, boolean) is 'How a field of an embedding is called in an error';
