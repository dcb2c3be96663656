-- core.check_password: the rules the password of a new account must keep. For an account that exists:
-- core.check_password_of.
--
-- Rules   password.minimum_length code points (15) or more; what else core.password_fault says.
-- Errors  VL001 on the field password, saying which rule; VL003 no password
create or replace function core.check_password(p_password text, variadic p_context text[] default '{}')
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fault text := core.password_fault(p_password, base.setting('password.minimum_length')::integer, p_context);
begin
  if p_password is null then
    perform base.raise('VL003', 'A password is needed', 'password');
  end if;
  if v_fault is not null then
    perform base.raise('VL001', 'password ' || v_fault, 'password');
  end if;
end
$$;

comment on function core.check_password(text, text[]) is 'Refuses a new password that breaks a rule, naming the rule';
grant execute on function core.check_password(text, text[]) to plinth_system;
