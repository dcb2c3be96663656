-- How many rows the planner reckons a user to have. Most users have few and some have very many, and a plan that is
-- kept for any values is made for the usual one: where that one has a row, each index that begins with user_id looks as
-- good as the key, a foreign key's own query goes by whichever was made last, and whoever has many rows waits until all
-- of them are read to find one. With a hundred, only the key will do.
--
-- It counts from the next ANALYZE on. ops.prepare_partition takes it over.
do $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid
      from base.table_manifest m
      join pg_class c on coalesce(pg_partition_root(c.oid), c.oid) = format('%I.%I', m.schema_name, m.table_name)::regclass
     where m.class = 'by-user' and c.relkind in ('r', 'p')
       and exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p' and cardinality(k.conkey) > 1)
     order by c.oid
  loop
    execute format('alter table only %s alter column user_id set (n_distinct = -0.01, n_distinct_inherited = -0.01)', v_table);
  end loop;
end $$;
