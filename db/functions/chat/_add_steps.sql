-- core.add_steps: adds steps at the end of a plan. The caller holds the plan's row.
--
-- Rules   core.step_faults tells what a step is. Without needs it waits for the one before it; with needs [] for
--         none. The version of its skill is fixed now: the current one where none is named. All arguments together
--         may have 60,000 parts to compare: what are more is added by several calls.
-- Errors  VL001 steps is no array, a plan would have too many, arguments have too many parts; VL001 with all that is
--         wrong with the steps
create or replace function core.add_steps(p_user_id uuid, p_plan_id uuid, p_steps jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names  text[];
  v_most   integer := base.setting('plans.step_limit')::integer;
  v_left   integer := 60000;
  v_found  jsonb;
  v_faults jsonb := '[]';
  v_step   jsonb;
  v_skill  chat.skills;
  v_at     text;
begin
  if jsonb_typeof(p_steps) is distinct from 'array' then
    perform base.raise('VL001', 'steps must be an array of objects', 'steps');
  end if;
  v_names := array(select s.name from chat.planner_steps s where s.user_id = p_user_id and s.plan_id = p_plan_id order by s.step);
  if cardinality(v_names) + jsonb_array_length(p_steps) > v_most then
    perform base.raise('VL001', format('A plan has at most %s steps', v_most), 'steps');
  end if;

  for i in 0..jsonb_array_length(p_steps) - 1 loop
    v_step := p_steps -> i;
    v_at := 'steps/' || i;
    if jsonb_typeof(v_step) <> 'object' then
      perform base.raise('VL001', 'steps must be an array of objects', v_at);
    end if;
    -- What is null was not given, but inside the arguments.
    v_step := jsonb_build_object('name', format('step%s', cardinality(v_names) + 1)) || jsonb_strip_nulls(v_step - 'arguments')
           || case when jsonb_typeof(v_step -> 'arguments') <> 'null'
                   then jsonb_build_object('arguments', v_step -> 'arguments') else '{}' end;
    select s.* into v_skill from chat.skills s
     where s.name = v_step ->> 'skill' and (v_step ->> 'version' is null and s.current or s.version = v_step ->> 'version');
    select f.* into v_left, v_found from core.step_faults(v_step, v_skill, v_names, v_at, v_left) f;
    v_faults := v_faults || v_found;
    exit when jsonb_array_length(v_faults) >= 50;

    if v_faults = '[]' then
      insert into chat.planner_steps
        (user_id, plan_id, step, name, skill_name, skill_version, arguments, needs, max_attempts, timeout_seconds)
      values (
        p_user_id, p_plan_id, cardinality(v_names) + 1, v_step ->> 'name', v_skill.name, v_skill.version,
        coalesce(v_step -> 'arguments', '{}'),
        case when v_step ? 'needs'
             then array(select distinct array_position(v_names, n) from jsonb_array_elements_text(v_step -> 'needs') n order by 1)
             else array_remove(array[nullif(cardinality(v_names), 0)], null) end,
        coalesce((v_step ->> 'max_attempts')::integer, 1), (v_step ->> 'timeout_seconds')::integer);
    end if;
    v_names := v_names || (v_step ->> 'name');
  end loop;

  if v_faults <> '[]' then
    perform base.raise_all('VL001', 'The steps cannot be taken as they are; errors tells what is wrong',
                           jsonb_path_query_array(v_faults, '$[0 to 49]'));
  end if;
end
$$;

comment on function core.add_steps(uuid, uuid, jsonb) is 'Adds steps at the end of a plan';
