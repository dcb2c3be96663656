-- http.fresh_for: how many seconds an answer may be kept of which core.fresh_until said something: until then, and no
-- longer than p_expires_in.
create or replace function http.fresh_for(p_expires_in integer)
returns integer
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select least(p_expires_in,
               floor(current_setting('plinth.fresh_until')::float8 - extract(epoch from clock_timestamp()))::integer)
$$;

comment on function http.fresh_for(integer) is 'Seconds an answer that changes by itself may be kept';
grant execute on function http.fresh_for(integer) to plinth_web, plinth_operator;
