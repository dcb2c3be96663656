-- http.page_bytes: how many bytes make a page of a list full, however few rows they are: 2 MB.
--
-- Rules   A page ends with the row that reaches it; the next one goes on from there, so nothing is left out. A function
--         whose rows can be long stops by itself as well, one row after that: the row by which the layer's statement
--         sees that there is more.
create or replace function http.page_bytes()
returns integer
language sql
immutable
parallel safe
as $$
  select 2097152
$$;

comment on function http.page_bytes() is 'How many bytes make a page of a list full';
grant execute on function http.page_bytes() to plinth_web, plinth_operator;
