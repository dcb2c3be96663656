-- What `plinth doctor` tells replicas of their primary: the number of its server, since when it runs, how far its
-- log is.
select concat_ws(',', system_identifier, extract(epoch from pg_postmaster_start_time()), pg_current_wal_lsn())
  from pg_control_system()
