-- core.sql_tokens: the tokens of SQL and PL/pgSQL text.
begin;
select plan(16);

create function pg_temp.words(p_text text) returns text[] language sql as $$
  select array(select t from unnest(core.sql_tokens(p_text)) with ordinality x (t, n) where t !~ '^\s' order by n)
$$;

select is(core.sql_tokens('a  b' || E'\n'), array['a', '  ', 'b', E'\n'], 'white space is a token');
select is(pg_temp.words('select x.id::text'), '{select,x,.,id,::,text}', 'names, dots, casts');
select is(pg_temp.words('v := 1..10'), '{v,:=,1,..,10}', 'assignments and ranges');
select is(pg_temp.words('1.5e-3+.5'), '{1.5e-3,+,.,5}', 'numbers');
select is(pg_temp.words($$'it''s; -- no' x$$), array[$$'it''s; -- no'$$, 'x'], 'a quoted text');
select is(pg_temp.words($$e'it\'s' x$$), array[$$e'it\'s'$$, 'x'], 'one with escapes');
select is(pg_temp.words($$'a\' 'b'$$), array[$$'a\'$$, $$'b'$$], 'a backslash escapes nothing in a plain one');
select is(pg_temp.words($$"a "" b" "c"$$), array['"a "" b"', '"c"'], 'quoted names');
select is(pg_temp.words($q$ $$it's; $1$$ $x$ 'y'; $x$ $1 $q$), array['$$it''s; $1$$', '$x$ ''y''; $x$', '$1'], 'dollar quotes');
select is(pg_temp.words(E'a --b'' ;\nc'), array['a', '--b'' ;', 'c'], 'a comment to the end of the line');
select is(pg_temp.words('a /* b; /* c */ '' */ d'), array['a', '/* b; /* c */ '' */', 'd'], 'a comment in a comment');
select is(pg_temp.words('a/**/b/***/c'), '{a,/**/,b,/***/,c}', 'short comments');
select is(pg_temp.words(E'a+--b\n-1'), array['a', '+', '--b', '-', '1'], 'an operator ends where a comment begins');
select is(pg_temp.words('a<>b ->> c'), '{a,<>,b,->>,c}', 'operators');
select is(core.sql_tokens(''), '{}', 'nothing in nothing');
select is((select count(*) from pg_proc p where array_to_string(core.sql_tokens(p.prosrc), '') <> p.prosrc), 0::bigint,
          'joined they are the text again: every function of this database');

select * from finish();
rollback;
