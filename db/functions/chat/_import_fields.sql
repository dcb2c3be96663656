-- core.import_fields: the fields that a line of a history may have, by its type; NULL: there is no such type. An export
-- writes the same.
create or replace function core.import_fields(p_type text)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_type
    when 'conversation' then
      '{type,client_id,title,status,model,language,context,metadata,created_at}'::text[]
    when 'message' then
      '{type,client_id,conversation,parent,role,content,tool_calls,tool_call_id,model,prompt_tokens,completion_tokens,'
      'metadata,pinned,created_at,edited_at,version}'::text[]
    when 'edit' then '{type,message,version,content,tool_calls,written_at,edited_at}'::text[]
    when 'summary' then '{type,conversation,summary,until}'::text[]
  end
$$;

comment on function core.import_fields(text) is 'The fields that a line of a history may have';
