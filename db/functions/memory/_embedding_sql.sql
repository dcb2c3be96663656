-- core.embedding_sql: the words in which SQL compares vectors of a model. Every part comes from columns whose checks
-- allow numbers and few words only, so that statements can be put together from them.
--
--   stored         the column its vectors are in, as its index and its searches write it: (embedding::ext.vector(768))
--   operator       the distance; less is nearer
--   opclass        what an index has to support for it
--   rows_per_page  how many rows go into a page: it has 8,168 bytes for rows, each with a pointer of 4, and what a row
--                  holds besides its vector is about 220
create or replace function core.embedding_sql(p_model memory.embedding_models)
returns table (column_name text, stored text, operator text, opclass text, rows_per_page integer)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select c.name,
         format('(%s::ext.%s(%s))', c.name, p_model.storage, p_model.dimensions),
         format('operator(ext.%s)', case p_model.metric when 'cosine' then '<=>' when 'l2' then '<->' else '<#>' end),
         format('ext.%s_%s_ops', p_model.storage, case p_model.metric when 'inner_product' then 'ip' else p_model.metric end),
         greatest(8168 / (p_model.dimensions * case p_model.storage when 'vector' then 4 else 2 end + 232), 1)
    from (select case p_model.storage when 'vector' then 'embedding' else 'half_embedding' end as name) c
$$;

comment on function core.embedding_sql(memory.embedding_models) is 'The words in which SQL compares vectors of a model';
grant execute on function core.embedding_sql(memory.embedding_models) to plinth_system;
