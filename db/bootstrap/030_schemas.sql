-- Schemas. Dependencies point api -> core -> domain data -> base, never back.

do $$
declare
  v_schema record;
begin
  for v_schema in
    select * from (values
      ('base',      'Durable ground that tables themselves need: raise, new ids, current user, touch, audit, tags, settings'),
      ('auth',      'Data: accounts, credentials, sessions, keys, roles, preferences'),
      ('prompts',   'Data: prompt history, templates, library'),
      ('chat',      'Data: conversations and messages'),
      ('memory',    'Data: semantic memories and embeddings'),
      ('knowledge', 'Data: knowledge queries'),
      ('market',    'Data: credits ledger, models, ratings'),
      ('analytics', 'Data: usage, rollups, activity'),
      ('ops',       'Data: migrations, audit trail, flags, jobs, backups'),
      ('http',      'The layer''s own machinery: route registry, entry and exit of a request, OpenAPI'),
      ('core',      'Private helpers, rebuilt on every deploy'),
      ('api',       'The contract: functions and v_* views, rebuilt on every deploy'),
      ('models',    'Searches of embeddings, a function for each model, made and dropped with it'),
      ('compat',    'The same facts under other names, rebuilt on every deploy')
    ) as t (name, comment)
  loop
    execute format('create schema if not exists %I authorization plinth_owner', v_schema.name);
    execute format('comment on schema %I is %L', v_schema.name, v_schema.comment);
  end loop;
end $$;

grant usage on schema ext to plinth_owner, plinth_system, plinth_operator;
grant usage on schema base, auth, prompts, chat, memory, knowledge, market, analytics, ops, core, models
   to plinth_system, plinth_operator;
grant usage on schema http, api to plinth_system, plinth_operator, plinth_web, plinth_reader;
grant usage on schema compat to plinth_operator, plinth_reader;
-- A function can be handed to plinth_system only where that role may create.
grant create on schema core, api, http to plinth_system;

-- Before any function exists: nothing is executable by everyone. The global form is the one that works.
alter default privileges for role plinth_owner revoke execute on functions from public;
alter default privileges for role plinth_system revoke execute on functions from public;
alter default privileges for role plinth_owner revoke usage on types from public;
alter default privileges for role plinth_system revoke usage on types from public;
