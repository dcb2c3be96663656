-- core.memory_recency: 1 for what became true at a moment (or after it), half of it for each half-life that is over.
-- One expression, which the planner puts in place of the call.
create or replace function core.memory_recency(p_valid_from timestamptz, p_at timestamptz, p_half_life double precision)
returns double precision
language sql
stable
as $$
  -- Not beyond a thousand half-lives: less than that is no number.
  select pg_catalog.power(0.5::double precision, least(
           greatest(extract(epoch from p_at - p_valid_from)::double precision, 0) / 86400 / p_half_life, 1000))
$$;

comment on function core.memory_recency(timestamptz, timestamptz, double precision) is
  'How recent something is, from 1 down to 0; the half-life is in days';
grant execute on function core.memory_recency(timestamptz, timestamptz, double precision) to plinth_system;
