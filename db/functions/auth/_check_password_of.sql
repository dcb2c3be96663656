-- core.check_password_of: the rules a new password must keep for the account it is for.
--
-- Rules   Where a second factor is asked for, password.minimum_length_two_factor code points (8) are enough, else
--         password.minimum_length (15). Not made of the account's own names; what else core.password_fault says.
-- Errors  VL001 on p_field, saying which rule; VL003 no password
create or replace function core.check_password_of(p_user auth.users, p_password text, p_field text default 'password')
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fault text := core.password_fault(
    p_password,
    base.setting(case when p_user.two_factor_enabled then 'password.minimum_length_two_factor'
                      else 'password.minimum_length' end)::integer,
    array[p_user.username, p_user.email, split_part(p_user.email, '@', 1)]
      || regexp_split_to_array(coalesce(p_user.full_name, ''), '\s+'));
begin
  if p_password is null then
    perform base.raise('VL003', 'A password is needed', p_field);
  end if;
  if v_fault is not null then
    perform base.raise('VL001', format('%s %s', p_field, v_fault), p_field);
  end if;
end
$$;

comment on function core.check_password_of(auth.users, text, text) is
  'Refuses a new password of an account that breaks a rule, naming the rule';
grant execute on function core.check_password_of(auth.users, text, text) to plinth_system;
