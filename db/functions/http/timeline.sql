-- http.timeline: which timeline of which database this is, and of which copies. It is another one once a replica was
-- promoted, a backup restored or the server started: what was told before may then never have happened. It also is
-- another one once copies are kept in another Redis than before (p_redis): what was made void there is not void in one
-- that is left and, later, found again with its memories.
--
-- Why the start of the server, and who wrote the row of http.cache_place: files that are put back (a snapshot, a base
-- backup that is merely started) go on in the timeline they were of, and pg_restore may fill a database that is there.
--
-- Rules   The layer keeps copies of answers for one timeline only.
--         Of the primary: a replica has no timeline of its own.
--         p_redis NULL asks only. Nor does another name change anything as long as somebody keeps copies; what is then
--         told is no timeline of his, and http.attach_cache says no.
-- Errors  55000 this is a replica
-- Locks   the one row of http.cache_place, where it changes
create or replace function http.timeline(p_redis text default null)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_redis <> (select c.redis from http.cache_place c) then
    update http.cache_place c
       set redis = p_redis, epoch = gen_random_uuid()
     where c.redis <> p_redis and not exists (select from http.cache_places());
  end if;

  return (
    select format('%s/%s/%s/%s/%s/%s', s.system_identifier, d.oid, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
                  extract(epoch from pg_postmaster_start_time()), c.xmin,
                  case when coalesce(c.redis = p_redis, true) then c.epoch end)
      from pg_control_system() s, pg_database d, http.cache_place c
     where d.datname = current_database());
end
$$;

comment on function http.timeline(text) is
  'Which timeline of which database and of which copies this is: another one after a failover, a restore or a start';
grant execute on function http.timeline(text) to plinth_web;
