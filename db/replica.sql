-- How a replica does: one row. `plinth doctor` asks each, and tells it (plinth.primary) what db/primary.sql found, and
-- how many seconds a replica may be behind.
with told as (
  select p[1]::bigint as system, p[2]::numeric as began, p[3]::pg_lsn as position, p[4]::integer as most
    from string_to_array(current_setting('plinth.primary'), ',') p
),
here as (
  select system_identifier as system, extract(epoch from pg_postmaster_start_time()) as began,
         pg_is_in_recovery() as recovering, pg_last_wal_replay_lsn() as position,
         extract(epoch from now() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) as behind
    from pg_control_system()
)
select case when h.system <> t.system or not h.recovering then 'FAIL'
            when h.position >= t.position or h.behind <= t.most then 'ok'
            else 'warn' end as level,
       case when h.system <> t.system then 'belongs to another server; it is never believed'
            when not h.recovering and h.began = t.began
              then 'is the primary itself, since a failover perhaps; name replicas that follow it'
            when not h.recovering then 'takes writes beside the primary, as none may; stop it, and make it a replica again'
            when h.position >= t.position then 'follows'
            when h.behind <= t.most then format('follows, %s s behind', round(h.behind, 1))
            else format('%s s behind, more than PLINTH_REPLICA_MAX_LAG', round(h.behind)) end as finding
  from told t, here h
