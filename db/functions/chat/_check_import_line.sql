-- core.check_import_line: what is wrong with one line of a history, by its own. core.import_lines takes a thousand at
-- once and asks only when something is wrong; so this may be slow, and it finds whatever that one stumbles over.
--
-- Errors  VL001 a field breaks a rule; VL002 there is no such field; VL003 a field is missing
create or replace function core.check_import_line(p_line jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind   text;
  v_fields text[];
  v_bad    text;
  v_words  text;
begin
  if jsonb_typeof(p_line) <> 'object' then
    perform base.raise('VL001', 'A line must be an object', '');
  end if;
  v_kind := p_line ->> 'type';
  v_fields := core.import_fields(v_kind);
  if v_fields is null then
    perform base.raise('VL001', 'type must be conversation, message, edit or summary', 'type');
  end if;
  v_bad := (select min(k) from jsonb_object_keys(p_line) k where k <> all (v_fields));
  if v_bad is not null then
    perform base.raise('VL002', format('%s is not a field of a line of type %s', v_bad, v_kind), v_bad);
  end if;

  p_line := jsonb_strip_nulls(p_line);
  v_bad := (select min(k) from unnest(case v_kind when 'conversation' then '{client_id}'
                                                  when 'message' then '{client_id,conversation,role}'
                                                  when 'edit' then '{message,version}'
                                                  else '{conversation,summary,until}' end::text[]) k
             where p_line -> k is null);
  if v_bad is not null then
    perform base.raise('VL003', format('%s is required', v_bad), v_bad);
  end if;

  perform core.check_types(p_line);

  for v_bad, v_words in
    select k, p_line ->> k from unnest('{created_at,edited_at,written_at}'::text[]) k where p_line -> k is not null
  loop
    begin
      if v_words !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' then
        raise invalid_datetime_format;
      end if;
      if v_words::timestamptz not between timestamptz 'epoch' and now() + interval '5 minutes' then
        perform base.raise('VL001', format('%s must be from 1970 to now', v_bad), v_bad);
      end if;
    exception when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
      perform base.raise('VL001', format('%s must be a time like 2026-01-31T12:00:00Z', v_bad), v_bad);
    end;
  end loop;

  if v_kind in ('conversation', 'message') then
    perform core.check_client_id(p_line ->> 'client_id');
  end if;
  if v_kind = 'conversation' then
    perform core.check_conversation(p_line ->> 'title', p_line -> 'context', p_line -> 'metadata', p_line ->> 'model',
                                    p_line ->> 'language');
    if p_line ->> 'status' not in ('active', 'archived') then
      perform base.raise('VL001', 'status must be active or archived', 'status');
    end if;
    v_bad := (select min(k) from unnest('{title,model}'::text[]) k where p_line ->> k = '');
    if v_bad is not null then
      perform base.raise('VL001', format('%s must not be empty', v_bad), v_bad);
    end if;
  elsif v_kind = 'message' then
    perform core.check_message(p_line ->> 'role', p_line ->> 'content', p_line -> 'tool_calls', p_line ->> 'tool_call_id',
                               p_line ->> 'model', (p_line ->> 'prompt_tokens')::integer,
                               (p_line ->> 'completion_tokens')::integer, p_line -> 'metadata');
    if coalesce(p_line ->> 'content', '') = '' and nullif(p_line -> 'tool_calls', '[]') is null then
      perform base.raise('VL003', 'A message needs content or tool_calls', 'content');
    end if;
  elsif v_kind = 'edit' then
    perform core.check_message(null, p_line ->> 'content', p_line -> 'tool_calls', null, null, null, null, null);
  elsif length(p_line ->> 'summary') not between 1 and 100000 then
    perform base.raise('VL001', 'summary must have 1 to 100,000 characters', 'summary');
  end if;
  if (p_line ->> 'version')::integer not between 1 and 1000000 then
    perform base.raise('VL001', 'version must be from 1 to 1,000,000', 'version');
  end if;
end
$$;

comment on function core.check_import_line(jsonb) is 'Says what is wrong with one line of a history';
