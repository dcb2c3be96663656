-- http.replica_state: how a replica does: is it one, and what are the last beats it has, the newest first. Ten, because
-- a worker of the layer does not hear of every one.
create or replace function http.replica_state()
returns table (in_recovery boolean, beats uuid[])
language sql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select pg_is_in_recovery(), array(select b.id from http.beats b order by b.id desc limit 10)
$$;

comment on function http.replica_state() is 'Whether this server is a replica, and the last beats it has';
grant execute on function http.replica_state() to plinth_web, plinth_operator;
