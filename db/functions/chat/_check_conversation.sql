-- core.check_conversation: the rules of what can be set of a conversation. NULL is not looked at: it is not named.
--
-- Errors  VL001 on title, context, metadata, model or language
create or replace function core.check_conversation(
  p_title    text,
  p_context  jsonb,
  p_metadata jsonb,
  p_model    text,
  p_language text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if length(p_title) > 500 or p_title ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'title must have at most 500 characters and no control characters', 'title');
  end if;
  if jsonb_typeof(p_context) <> 'object' or octet_length(p_context::text) > 65536 then
    perform base.raise('VL001', 'context must be an object of at most 64 kB', 'context');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or octet_length(p_metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16 kB', 'metadata');
  end if;
  if length(p_model) > 200 or p_model ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'model must have at most 200 characters and no control characters', 'model');
  end if;
  if p_language is not null then
    if not exists (select from pg_ts_config t where t.cfgname = p_language
                                                and t.cfgnamespace = 'pg_catalog'::regnamespace) then
      perform base.raise('VL001', 'language must be the name of a text search configuration, such as english or simple',
                         'language');
    end if;
  end if;
end
$$;

comment on function core.check_conversation(text, jsonb, jsonb, text, text) is
  'Refuses a conversation that breaks a rule';
