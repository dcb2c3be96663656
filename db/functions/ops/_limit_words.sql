-- core.limit_words: a limit as its caller is told: "60 requests a minute of your account".
--
-- Rules   p_place is the window of the subject: 1 requests a minute, 2 an hour, 3 a day, 0 tokens a day.
create or replace function core.limit_words(p_subject text, p_place integer, p_limit bigint)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select format('%s %s of %s', p_limit,
                case p_place when 1 then 'requests a minute' when 2 then 'requests an hour' when 3 then 'requests a day'
                             else 'tokens a day' end,
                case split_part(p_subject, ':', 1) when 'user' then 'your account' when 'key' then 'this API key'
                     when 'address' then 'your address' else substring(p_subject from '[A-Z]+ /.*$') end)
$$;

comment on function core.limit_words(text, integer, bigint) is 'A limit as its caller is told';
grant execute on function core.limit_words(text, integer, bigint) to plinth_system;
