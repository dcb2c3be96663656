-- core.act_for_named: what core.act_for says of a user who is not the caller.
--
-- Rules   Without a caller a login that is a member of plinth_operator acts for the user it names, for the length of
--         this statement; the audit trail shows the login. NULL is the user of plinth psql --as.
--         Anyone else, the HTTP layer's login above all, is refused, and so is everybody inside a request.
-- Errors  UN001 nobody is signed in; NP001 another user was named; VL003 no user was named
create or replace function core.act_for_named(p_user_id uuid)
returns uuid
language plpgsql
volatile
as $$
declare
  v_set text;
begin
  if pg_catalog.current_setting('plinth.caller', true) <> '' then
    perform base.raise('NP001', 'A request acts for its own caller only');
  elsif not pg_catalog.pg_has_role(session_user, 'plinth_operator', 'member') then
    perform base.raise('UN001', 'Nobody is signed in');
  end if;
  p_user_id := coalesce(p_user_id, core.user_of_session());
  if p_user_id is null then
    perform base.raise('VL003', 'Name the user to act for', 'user_id');
  end if;

  v_set := pg_catalog.set_config('plinth.subject',
    pg_catalog.concat(p_user_id, '@', extract(epoch from pg_catalog.statement_timestamp())), true);
  return p_user_id;
end
$$;

comment on function core.act_for_named(uuid) is
  'The user an operator names; refuses everybody else, and whoever is not the caller of a request';
grant execute on function core.act_for_named(uuid) to plinth_system;
