-- http.beat: this server's sign of life for its replicas, and the newest one there is. Every worker that knows of
-- replicas asks once a second; who comes right after another gets that one's.
--
-- Rules   Those older than a minute are removed, and those that a clock which was put back left in the future.
-- Locks   rows of http.beats, oldest first
create or replace function http.beat()
returns uuid
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now  timestamptz := clock_timestamp();
  v_beat uuid;
begin
  select b.id into v_beat
    from http.beats b
   where b.beat_at between v_now - interval '0.5 s' and v_now + interval '0.5 s'
   order by b.id desc
   limit 1;
  if not found then
    insert into http.beats default values returning id into v_beat;
    delete from http.beats b where b.id in (
      select o.id from http.beats o
       where o.beat_at not between v_now - interval '1 minute' and v_now + interval '1 minute'
       order by o.id for update skip locked);
  end if;
  return v_beat;
end
$$;

comment on function http.beat() is 'A sign of life for the replicas; the newest one';
grant execute on function http.beat() to plinth_web, plinth_operator;
