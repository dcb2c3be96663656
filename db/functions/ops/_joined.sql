-- core.joined: some tokens of core.sql_tokens as text again.
create or replace function core.joined(p_tokens text[], p_first integer, p_last integer)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select btrim(array_to_string(p_tokens[p_first:p_last], ''), E' \n\t')
$$;

comment on function core.joined(text[], integer, integer) is 'Some tokens as text again';
