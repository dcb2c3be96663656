-- core.password_fault: which rule a new password breaks, as a sentence without its subject; NULL when it keeps
-- them, and for NULL.
--
-- Rules   p_minimum code points, at most 256 and at most 1,024 bytes, after NFKC; no rule about kinds of characters.
--         At least half of p_minimum must be left once everything is taken out that is guessed as one:
--         see core.password_score.
create or replace function core.password_fault(p_password text, p_minimum integer, p_context text[])
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_password text := normalize(p_password, nfkc);
  v_score    record;
begin
  if v_password is null then
    return null;
  end if;
  if length(v_password) < p_minimum then
    return format('must have at least %s characters', p_minimum);
  end if;
  if length(v_password) > 256 then  -- so it has at most 1,024 bytes
    return 'must have at most 256 characters and 1,024 bytes';
  end if;

  select s.* into v_score from core.password_score(p_password, variadic p_context) s;
  if v_score.counted < (p_minimum + 1) / 2 then
    return 'must be more than ' || array_to_string(v_score.reasons, ' and ');
  end if;
  return null;
end
$$;

comment on function core.password_fault(text, integer, text[]) is
  'Which rule a new password breaks; NULL when it keeps them';
grant execute on function core.password_fault(text, integer, text[]) to plinth_system;
