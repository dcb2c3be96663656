-- http.timeline: which timeline of which database this is. It is another one once a replica was promoted or a backup
-- restored: what was told before may then never have happened.
--
-- Rules   The layer keeps copies of answers for one timeline only.
--         Of the primary: a replica has no timeline of its own.
-- Errors  55000 this is a replica
create or replace function http.timeline()
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select format('%s/%s/%s', s.system_identifier, d.oid, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))
    from pg_control_system() s, pg_database d
   where d.datname = current_database()
$$;

comment on function http.timeline() is
  'Which timeline of which database this is: another one after a failover or a restore';
grant execute on function http.timeline() to plinth_web;
