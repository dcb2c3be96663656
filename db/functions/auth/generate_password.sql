-- api.generate_password: a password from the random numbers of the system, each character as likely as any other.
--
-- Rules   p_length characters (8 to 128) of 64: letters, digits, - and _; 6 bits each, so the usual 20 have 120 bits.
--         With p_words, words of five letters that can be read aloud (consonant, vowel, …), 16 bits each, with -
--         between them, as many as p_length characters need.
-- Errors  VL001 length
create or replace function api.generate_password(p_length integer default 20, p_words boolean default false)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  -- As many as a power of two: a random byte is cut to its bits, and no remainder makes one likelier.
  c_letters    constant text := 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  c_consonants constant text := 'bdfghjklmnprstvz';
  c_vowels     constant text := 'aiou';
  v_words      constant boolean := coalesce(p_words, false);
  v_random     bytea;
begin
  if p_length is null or p_length not between 8 and 128 then
    perform base.raise('VL001', 'length must be from 8 to 128', 'length');
  end if;
  if v_words then
    p_length := (p_length + 6) / 6 * 6 - 1;
  end if;
  v_random := ext.gen_random_bytes(p_length);

  if not v_words then
    return (select string_agg(substr(c_letters, (get_byte(v_random, n) & 63) + 1, 1), '' order by n)
              from generate_series(0, p_length - 1) n);
  end if;
  return (
    select string_agg(case n % 6
                        when 5 then '-'
                        when 1 then substr(c_vowels, (get_byte(v_random, n) & 3) + 1, 1)
                        when 3 then substr(c_vowels, (get_byte(v_random, n) & 3) + 1, 1)
                        else substr(c_consonants, (get_byte(v_random, n) & 15) + 1, 1)
                      end, '' order by n)
      from generate_series(0, p_length - 1) n);
end
$$;

comment on function api.generate_password(integer, boolean) is
  'A random password: characters, or words that can be read aloud';
grant execute on function api.generate_password(integer, boolean) to plinth_web, plinth_operator;
select http.expose('POST /v1/password-generator', 'api.generate_password', auth => 'none');
