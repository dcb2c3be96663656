-- core.names_volatile: whether a text, code or plan, calls a volatile function: one that may write, wait or answer
-- differently each time.
create or replace function core.names_volatile(p_text text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
      from regexp_matches(p_text, '(?:\m([a-z_]+)\.)?\m([a-z_0-9]+)\(', 'g') as f (called)
      join pg_proc p on p.proname = f.called[2] and p.provolatile = 'v'
      join pg_namespace n on n.oid = p.pronamespace and n.nspname = coalesce(f.called[1], 'pg_catalog'))
$$;

comment on function core.names_volatile(text) is 'Whether a text calls a volatile function';
