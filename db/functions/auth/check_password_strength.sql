-- api.check_password_strength: how hard a password is to guess, before it is anybody's. For the form that asks for it.
--
-- Rules   score goes from 0 to 100, reasons name what makes it easy; acceptable says whether registration takes it.
--         p_context is what others know of the person: names, address. Nothing is stored or counted.
-- Errors  VL001 password or context too long
create or replace function api.check_password_strength(p_password text, p_context text[] default '{}')
returns table (score integer, acceptable boolean, reasons text[])
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_minimum constant integer := base.setting('password.minimum_length')::integer;
begin
  if octet_length(p_password) > 1024 then
    perform base.raise('VL001', 'password must have at most 256 characters and 1,024 bytes', 'password');
  end if;
  if cardinality(p_context) > 20 or octet_length(array_to_string(p_context, '')) > 2000 then
    perform base.raise('VL001', 'context must have at most 20 words, 2,000 bytes in all', 'context');
  end if;
  p_context := coalesce(p_context, '{}');

  return query
    select s.score, p_password is not null and core.password_fault(p_password, v_minimum, p_context) is null,
           s.reasons || array(select format('fewer than %s characters', v_minimum)
                               where length(normalize(coalesce(p_password, ''), nfkc)) < v_minimum)
      from core.password_score(p_password, variadic p_context) s;
end
$$;

comment on function api.check_password_strength(text, text[]) is
  'How hard a password is to guess, from 0 to 100, and what makes it easy; nothing is stored';
grant execute on function api.check_password_strength(text, text[]) to plinth_web, plinth_operator;
select http.expose('POST /v1/password-strength', 'api.check_password_strength', auth => 'none');
