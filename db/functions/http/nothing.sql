-- http.nothing: what answers when a function that only reads promised one object and found none. It stands in a
-- coalesce behind the body, so that an answer that is there pays nothing for it; VOLATILE, since the planner would call
-- anything else beforehand.
--
-- Errors  NF001 always
create or replace function http.nothing()
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform base.raise('NF001', 'There is no such thing, or it is not yours to see');
  return null;
end
$$;

comment on function http.nothing() is 'NF001: one object was promised and there is none';
grant execute on function http.nothing() to plinth_web, plinth_operator;
