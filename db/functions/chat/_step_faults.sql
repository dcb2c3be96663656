-- core.step_faults: what is wrong with a step that is to be added to a plan, as core.json_faults tells it.
--
-- Rules   p_step has name, skill, version, arguments, needs, max_attempts and timeout_seconds. p_before are the names
--         of the steps before it: it may need those and no others, so there can be no circle.
--         In its arguments {"$result": "<step>"} stands for the result of a step it needs, with "pointer": "/a/0" for
--         a part of it. Arguments without such a place are checked against the parameters of the skill at once; p_left
--         is how many parts of all steps of a call may still be looked at, and comes back as what is left.
-- Errors  VL001 arguments have more parts than core.json_faults looks at, or than are left
create or replace function core.step_faults(
  p_step       jsonb,
  p_skill      chat.skills,
  p_before     text[],
  p_field      text,
  inout p_left integer,
  out faults   jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_arguments jsonb := coalesce(p_step -> 'arguments', '{}');
  v_needs     text[];
  v_most      integer := least(p_left, 20000);
  v_left      integer;
  v_found     jsonb;
begin
  select coalesce(jsonb_agg(core.json_fault(core.json_step(p_field, k), 'additionalProperties', 'is no part of a step', 'VL002')),
                  '[]')
    into faults
    from jsonb_object_keys(p_step) k
   where k not in ('name', 'skill', 'version', 'arguments', 'needs', 'max_attempts', 'timeout_seconds');
  if jsonb_typeof(p_step -> 'name') <> 'string' or p_step ->> 'name' !~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$' then
    faults := faults || core.json_fault(p_field || '/name', 'pattern',
                                            'must have 1 to 64 letters, digits, _ and -, and begin with a letter');
  elsif p_step ->> 'name' = any (p_before) then
    faults := faults || core.json_fault(p_field || '/name', 'uniqueItems', 'is the name of an earlier step');
  end if;
  if p_step ->> 'skill' is null then
    faults := faults || core.json_fault(p_field || '/skill', 'required', 'is missing', 'VL003');
  elsif p_skill.name is null then
    faults := faults || core.json_fault(p_field || '/skill', 'skill', 'There is no skill '
                              || left(concat_ws(' ', p_step ->> 'skill', p_step ->> 'version'), 165));
  end if;
  if not (case jsonb_typeof(p_step -> 'max_attempts') when 'number' then (p_step ->> 'max_attempts') ~ '^([1-9]|1[0-9]|20)$'
          else not p_step ? 'max_attempts' end)
  then
    faults := faults || core.json_fault(p_field || '/max_attempts', 'maximum', 'must be from 1 to 20');
  end if;
  if not (case jsonb_typeof(p_step -> 'timeout_seconds')
          when 'number' then (p_step ->> 'timeout_seconds') ~ '^[1-9][0-9]{0,4}$'
                             and (p_step ->> 'timeout_seconds')::numeric <= 86400
          else not p_step ? 'timeout_seconds' end)
  then
    faults := faults || core.json_fault(p_field || '/timeout_seconds', 'maximum', 'must be from 1 to 86,400');
  end if;

  if p_step ? 'needs' then
    if jsonb_typeof(p_step -> 'needs') <> 'array'
       or exists (select from jsonb_array_elements_text(case jsonb_typeof(p_step -> 'needs') when 'array' then p_step -> 'needs'
                                                        else '[]' end) n
                   where n <> all (p_before))
    then
      faults := faults || core.json_fault(p_field || '/needs', 'needs', 'must be names of earlier steps');
    else
      v_needs := array(select jsonb_array_elements_text(p_step -> 'needs'));
    end if;
  else
    v_needs := p_before[cardinality(p_before):];
  end if;

  if jsonb_typeof(v_arguments) <> 'object' or octet_length(v_arguments::text) > 131072 then
    faults := faults || core.json_fault(p_field || '/arguments', 'type', 'must be an object of at most 131,072 bytes');
  elsif v_arguments @? 'strict $.** ? (exists (@."$result"))' then
    if v_needs is not null and exists (
         select from jsonb_path_query(v_arguments, 'strict $.** ? (exists (@."$result"))') r
          where r ->> '$result' <> all (v_needs) or jsonb_typeof(r -> '$result') <> 'string'
             or r - '{$result,pointer}'::text[] <> '{}'
             or coalesce(r ->> 'pointer', '/') !~ '^(/[^/]*)*$')
    then
      faults := faults || core.json_fault(p_field || '/arguments', '$result',
                                              'must name a step that is needed, and at most a pointer besides');
    end if;
  elsif p_skill.name is not null then
    select j.* into v_left, v_found
      from core.judge_json(v_arguments, p_skill.parameters, p_skill.parameters, p_field || '/arguments', 0, v_most) j;
    faults := faults || v_found;
    p_left := p_left - (v_most - v_left);
  end if;
end
$$;

comment on function core.step_faults(jsonb, chat.skills, text[], text, integer) is
  'What is wrong with a step that is to be added to a plan';
