-- core.act_for: the first line of every function that is for one user. Returns the user the function may act for.
--
-- Rules   Inside a request the caller is fixed: only that user may be named. Else core.act_for_named decides.
--         One expression and no SET: PL/pgSQL takes it into its own, so the usual call costs no call.
create or replace function core.act_for(p_user_id uuid)
returns uuid
language sql
volatile
as $$
  select case when p_user_id = nullif(pg_catalog.current_setting('plinth.caller', true), '')::pg_catalog.uuid then p_user_id
              else core.act_for_named(p_user_id)
         end
$$;

comment on function core.act_for(uuid) is 'The user a function may act for: the caller, or the one an operator names';
grant execute on function core.act_for(uuid) to plinth_system;
