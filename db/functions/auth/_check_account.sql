-- core.check_account: the rules a username, an address and a display name must keep, each with its own sentence.
-- The table checks the same again; here the caller learns which rule it was.
--
-- Errors  VL001 on username, email or full_name
create or replace function core.check_account(p_username text, p_email text, p_full_name text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.check_username(p_username);
  -- Without the characters that mean something in the header of a mail.
  if p_email is null or length(p_email) > 254 or p_email !~ '^[^@]+@[^@]+$'
     or p_email ~ '[[:space:][:cntrl:]<>(),;:\\"\[\]]'
  then
    perform base.raise('VL001', 'email must be an address such as name@example.org, of at most 254 characters', 'email');
  end if;
  perform core.check_profile(p_full_name, null, null, null);
end
$$;

comment on function core.check_account(text, text, text) is 'Refuses a username, address or name that breaks a rule';
grant execute on function core.check_account(text, text, text) to plinth_system;
