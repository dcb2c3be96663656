-- http.health: what /readyz and the console show of the database.
create or replace function http.health()
returns table (
  database_version  text,
  schema_version    text,
  registry_version  uuid,
  deployed_at       timestamptz,
  in_recovery       boolean,
  connections       integer,
  connections_limit integer,
  undelivered_tags  bigint
)
language sql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select current_setting('server_version'),
         (select max(m.version) from ops.schema_migrations m)::text,
         g.version, g.deployed_at,
         pg_is_in_recovery(),
         (select sum(d.numbackends)::integer from pg_stat_database d),
         current_setting('max_connections')::integer,
         (select count(*) from (select from base.touched_tags limit 10000) t)
    from http.registry g
$$;

comment on function http.health() is 'What the layer shows of the database: versions, connections, undelivered tags';
grant execute on function http.health() to plinth_web, plinth_operator;
