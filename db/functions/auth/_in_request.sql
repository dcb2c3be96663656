-- core.in_request: whether this is a request of a caller that the layer let in, and not a statement of somebody who set
-- plinth.caller himself: any login can, and an operator may enter with a digest that he reads in auth.sessions.
--
-- Rules   The login is the layer's: a member of plinth_web and of nothing stronger, as http.check_server_role wants it.
create or replace function core.in_request()
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select current_setting('plinth.caller', true) <> ''
         and pg_has_role(session_user, 'plinth_web', 'member')
         and not exists (select from unnest(array['plinth_owner', 'plinth_system', 'plinth_operator']) r
                          where pg_has_role(session_user, r, 'member'))
$$;

comment on function core.in_request() is
  'Whether the layer runs this for a caller; false for an operator, whatever he set';
grant execute on function core.in_request() to plinth_system;
