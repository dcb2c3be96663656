-- core.plan_statement: the plan of one statement, as whoever runs this function, under the row policies of that role.
--
-- Rules   p_how 'plan' executes nothing. 'execute' does, in a transaction that only reads, and undone: PostgreSQL
--         itself refuses what would write. 'columns' gives, in place of a plan, the columns of a query with their
--         types; it joins the query ON FALSE, so that it is not executed either.
--         Parameters ($1) are planned as values not known.
--         A statement that cannot be planned is no error: failure says why, and state is its SQLSTATE.
-- Why dynamic SQL, and why nobody puts anything into it: the text is a statement of a function in the catalog, cut out
--         by core.function_parts; values of a caller stand in it as literals made by format('%L'). Only the functions
--         around this one may call it, and a text that holds a second statement is refused.
-- Errors  VL001 the text holds a second statement
create or replace function core.plan_statement(p_statement text, p_how text)
returns table (plan jsonb, plan_text text, state text, failure text)
language plpgsql
volatile
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_explain text := case p_how when 'execute' then 'explain (analyze, buffers' else 'explain (generic_plan' end;
  v_line    text;
  v_row     record;
begin
  if strpos(p_statement, ';') > 0 and ';' = any (core.sql_tokens(p_statement)) then
    perform base.raise('VL001', 'One statement is planned at a time');
  end if;

  begin
    perform set_config('transaction_read_only', 'on', true);
    if p_how = 'columns' then
      execute format('select q.* from (select) one left join (%s) q on false', p_statement) into v_row;
      plan := '{}';
      for v_line in select k from jsonb_object_keys(to_jsonb(v_row)) k loop
        execute format('select jsonb_build_object(%L, pg_typeof(q.%I)) from (select) one left join (%s) q on false',
                       v_line, v_line, p_statement) into v_row;
        plan := plan || v_row.jsonb_build_object;
      end loop;
    else
      execute v_explain || ', verbose, format json) ' || p_statement into plan;
      plan := plan -> 0;
      for v_line in execute v_explain || ') ' || p_statement loop
        plan_text := concat_ws(E'\n', plan_text, v_line);
      end loop;
    end if;
    -- What was set and locked for it ends with the block.
    raise triggered_action_exception;
  exception
    when triggered_action_exception then null;
    -- Whole classes: what the text means, values, writing in a transaction that only reads, and our own refusals.
    when syntax_error_or_access_rule_violation or data_exception or invalid_transaction_state
      or sqlstate 'UN000' or sqlstate 'NP000' or sqlstate 'NF000' or sqlstate 'KC000' or sqlstate 'VL000'
    then
      plan := null;
      plan_text := null;
      state := sqlstate;
      failure := sqlerrm;
  end;
  return next;
end
$$;

comment on function core.plan_statement(text, text) is 'The plan of one statement, as whoever runs this';
grant execute on function core.plan_statement(text, text) to plinth_system;
