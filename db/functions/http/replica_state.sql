-- http.replica_state: how a replica does: is it one, and what is the last beat it has.
create or replace function http.replica_state()
returns table (in_recovery boolean, beat uuid)
language sql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select pg_is_in_recovery(), (select b.id from http.beats b order by b.id desc limit 1)
$$;

comment on function http.replica_state() is 'Whether this server is a replica, and the last beat it has';
grant execute on function http.replica_state() to plinth_web, plinth_operator;
