-- core.claim_login: takes a username or an address for an account in the directory, before the account says so itself.
--
-- Rules   p_kind is username or email. What the account has already is no error.
-- Errors  KC001 somebody else has it
-- Locks   the account's row of the directory; waits for whoever is about to take the same
create or replace function core.claim_login(p_user_id uuid, p_kind text, p_login text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update auth.logins l
     set login = lower(p_login)
   where l.user_id = p_user_id and l.kind = p_kind and l.login <> lower(p_login);
exception when unique_violation then
  perform base.raise('KC001', case p_kind when 'email' then 'The address is taken' else 'The username is taken' end,
                     p_kind);
end
$$;

comment on function core.claim_login(uuid, text, text) is
  'Takes a username or an address for an account, or tells that it is taken';
grant execute on function core.claim_login(uuid, text, text) to plinth_system;
