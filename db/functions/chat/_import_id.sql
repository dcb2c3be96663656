-- core.import_id: an id for something that is told afterwards: ordered by when it was; what was at the same moment, as
-- p_tail says (62 bits). Version 7, whose 12 bits behind the milliseconds are their fraction, as PostgreSQL has it.
create or replace function core.import_id(p_at timestamptz, p_tail bigint)
returns uuid
language sql
immutable
parallel safe
as $$
  select (pg_catalog.lpad(pg_catalog.to_hex(us / 1000), 12, '0') || '7'
          || pg_catalog.lpad(pg_catalog.to_hex(us % 1000 * 4096 / 1000), 3, '0')
          || pg_catalog.to_hex(p_tail | -9223372036854775808))::pg_catalog.uuid
    from (select (extract(epoch from p_at) * 1000000)::pg_catalog.int8 as us) t
$$;

comment on function core.import_id(timestamptz, bigint) is 'An id for something that is told afterwards';
