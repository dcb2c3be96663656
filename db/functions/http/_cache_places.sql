-- http.cache_places: where processes of this service keep copies of answers at this moment, each as the number it gave
-- to http.attach_cache.
--
-- Rules   What a lock says is true as it is read, not as of the statement's beginning.
create or replace function http.cache_places()
returns setof integer
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select distinct l.objid::bigint::integer
    from pg_locks l
    join pg_database d on d.oid = l.database
   where l.locktype = 'advisory' and l.classid = 1886147689 and l.objsubid = 2 and l.granted
     and d.datname = current_database()
$$;

comment on function http.cache_places() is 'Where processes of this service keep copies of answers right now';
