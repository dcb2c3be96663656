-- core.require_permission: the first line of every function for administrators. Returns if whoever asks may.
--
-- Rules   Inside a request one of the caller's roles must hold the permission, or '*', at this moment; so must the
--         scopes of the API key the caller acts by, if it is one.
--         Without a caller a login that is a member of plinth_operator may; anyone else, the HTTP layer's login above
--         all, is refused.
-- Errors  UN001 nobody is signed in; NP001 no role of the caller holds it, or the API key does not
create or replace function core.require_permission(p_permission text)
returns void
language plpgsql
stable
as $$
declare
  v_caller text := pg_catalog.current_setting('plinth.caller', true);
  v_key    uuid;
begin
  if v_caller <> '' then
    if not exists (
      select from auth.user_roles r
        join auth.roles d on d.name = r.role
       where r.user_id = v_caller::pg_catalog.uuid and d.permissions ?| array[p_permission, '*'])
    then
      perform base.raise('NP001', pg_catalog.format('This needs the permission %s', p_permission));
    end if;

    v_key := base.request_context(5)::pg_catalog.uuid;
    if v_key is not null then
      if not exists (
        select from auth.api_keys k
         where k.user_id = v_caller::pg_catalog.uuid and k.id = v_key and k.scopes && array[p_permission, '*'])
      then
        perform base.raise('NP001', pg_catalog.format('The API key lacks the scope %s', p_permission));
      end if;
    end if;
    return;
  end if;

  if not pg_catalog.pg_has_role(session_user, 'plinth_operator', 'member') then
    perform base.raise('UN001', 'Nobody is signed in');
  end if;
end
$$;

comment on function core.require_permission(text) is
  'Refuses whoever lacks the permission: a caller by his roles, a login without one unless it is an operator''s';
grant execute on function core.require_permission(text) to plinth_system;
