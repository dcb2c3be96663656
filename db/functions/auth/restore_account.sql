-- api.restore_account: takes back that an account was deleted, by the link that its owner got.
--
-- Rules   Works until the account is erased, at most 30 days. It signs nobody in.
-- Errors  VL004 the link is not, or no longer, good; KC004 the account is not deleted
-- Locks   the token's row, then the account's
-- Touches profile
-- Owned by plinth_system: whose account it is says the token.
create or replace function api.restore_account(p_token text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id uuid := (core.use_one_time_token('account_deleted', p_token)).user_id;
begin
  update auth.users u set status = 'active' where u.id = v_user_id and u.status = 'deleted';
  if not found then
    perform base.raise('KC004', 'The account is not deleted');
  end if;
  perform ops.write_audit('user.restored', 'auth.users', v_user_id::text, v_user_id);
end
$$;

comment on function api.restore_account(text) is 'Takes back that an account was deleted, by the link its owner got';
grant execute on function api.restore_account(text) to plinth_web, plinth_operator;
alter function api.restore_account(text) owner to plinth_system;
select http.expose('POST /v1/users/restore', 'api.restore_account', auth => 'none', status => 204, once => 'may');
