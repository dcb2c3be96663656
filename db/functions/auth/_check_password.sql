-- core.check_password: the rules a new password must keep.
--
-- Rules   15 code points or more (a setting), at most 256 and at most 1,024 bytes, after NFKC; no rule about kinds of
--         characters. Not one character repeated, not a plain sequence, not the username, the address or their parts.
-- Errors  VL001 on the field password, saying which rule; VL003 no password
create or replace function core.check_password(p_password text, variadic p_context text[] default '{}')
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_password text := normalize(p_password, nfkc);
  v_lower    text := lower(v_password);
  v_minimum  integer := base.setting('password.minimum_length')::integer;
  v_rule     text;
begin
  if v_password is null then
    perform base.raise('VL003', 'A password is needed', 'password');
  end if;

  v_rule := case
    when length(v_password) < v_minimum then format('must have at least %s characters', v_minimum)
    when length(v_password) > 256 or octet_length(v_password) > 1024 then 'must have at most 256 characters and 1,024 bytes'
    when length(replace(v_password, left(v_password, 1), '')) = 0 then 'must not be one character repeated'
    when strpos(repeat('0123456789', 26), v_lower) > 0
      or strpos(repeat('abcdefghijklmnopqrstuvwxyz', 11), v_lower) > 0
      or strpos(repeat('qwertyuiopasdfghjklzxcvbnm', 11), v_lower) > 0 then 'must not be a sequence'
    when exists (
      -- What is left once everything an acquaintance knows is taken out must still be something.
      select from unnest(p_context || array['plinth']) as c (word)
       where length(c.word) >= 3 and length(replace(v_lower, lower(c.word), '')) < 8
         and strpos(v_lower, lower(c.word)) > 0) then 'must not be made of your name, your address or the product''s name'
  end;

  if v_rule is not null then
    perform base.raise('VL001', 'password ' || v_rule, 'password');
  end if;
end
$$;

comment on function core.check_password(text, text[]) is 'Refuses a new password that breaks a rule, naming the rule';
grant execute on function core.check_password(text, text[]) to plinth_system;
