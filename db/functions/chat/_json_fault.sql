-- core.json_fault: one fault of a JSON value, as a problem lists it: where (a JSON pointer behind the name of the
-- field), the code, and the rule with what it says.
create or replace function core.json_fault(p_at text, p_rule text, p_says text, p_code text default 'VL001')
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('field', left(p_at, 300), 'code', p_code, 'detail', left(p_rule || ': ' || p_says, 500))
$$;

comment on function core.json_fault(text, text, text, text) is 'One fault of a JSON value, as a problem lists it';
