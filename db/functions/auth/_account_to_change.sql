-- core.account_to_change: the account an administrator is about to change, locked.
--
-- Rules   An account that may do everything, or change accounts or roles, is changed only by somebody who may do as
--         much. What decides over any account (p_critical: what it signs in with, its status, its end) is changed only
--         by somebody who may do as much: who could change its address could become it. What an API key may do is what
--         its owner may and its scopes name. One's own account is changed so at /v1/me only, where the password is
--         asked for. An operator may change any.
-- Errors  NF001 there is no such account, or it is erased; NP001 the account may do more than who asks, or is one's own
-- Locks   the account's row
create or replace function core.account_to_change(p_id uuid, p_critical boolean default false)
returns auth.users
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user   auth.users;
  v_caller uuid := nullif(current_setting('plinth.caller', true), '');
  v_theirs text[];
  v_mine   text[];
  v_scopes text[];
begin
  select u.* into v_user from auth.users u where u.id = p_id for no key update;
  if not found or v_user.status = 'erased' then
    perform base.raise('NF001', 'There is no such account, or it is erased', 'id');
  end if;

  if v_caller = p_id and p_critical then
    perform base.raise('NP001', 'This is your own account: see /v1/me');
  end if;
  if v_caller <> p_id then
    v_theirs := array(select jsonb_array_elements_text(r.permissions)
                        from auth.user_roles a join auth.roles r on r.name = a.role where a.user_id = p_id);
    v_mine := array(select jsonb_array_elements_text(r.permissions)
                      from auth.user_roles a join auth.roles r on r.name = a.role where a.user_id = v_caller);
    select k.scopes into v_scopes from auth.api_keys k
     where k.user_id = v_caller and k.id = base.request_context(5)::uuid;
    if not v_scopes && '{*}' then
      v_mine := array(select s from unnest(v_scopes) s where v_mine && array[s, '*']);
    end if;
    if (p_critical or v_theirs && '{*,users:write,roles:write}') and not v_mine && '{*}' and not v_mine @> v_theirs then
      perform base.raise('NP001', 'The account may do more than you may');
    end if;
  end if;
  return v_user;
end
$$;

comment on function core.account_to_change(uuid, boolean) is 'The account an administrator is about to change, locked';
grant execute on function core.account_to_change(uuid, boolean) to plinth_system;
