-- core.sql_tokens: cuts SQL or PL/pgSQL text into its tokens, white space and comments among them, so that joined they
-- are the text again.
--
-- Rules   The longest match counts, as in PostgreSQL's own scanner. A dollar-quoted text holds no dollar sign of the
--         kind that could begin another one; a comment may hold one more comment.
create or replace function core.sql_tokens(p_text text)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array(select t.found[1]
                 from regexp_matches(p_text, concat_ws('|',
                        '(\s+',
                        '--[^\n]*',
                        '/\*(?:[^*/]|\*+[^*/]|/+[^*/]|/\*(?:[^*]|\*+[^*/])*\*+/)*\*+/',
                        '[eE]''(?:[^''\\]|\\.|'''')*''',
                        '(?:[uU]&|[bBnNxX])?''(?:[^'']|'''')*''',
                        '(?:[uU]&)?"(?:[^"]|"")*"',
                        '\$\$(?:[^$]|\$[^$])*\$\$',
                        '\$[[:alpha:]_]\w*\$(?:[^$]|\$(?![[:alpha:]_]))*\$[[:alpha:]_]\w*\$',
                        '\$[0-9]+',
                        '[0-9]+(?:\.(?!\.)[0-9]*)?(?:[eE][-+]?[0-9]+)?',
                        '[[:alpha:]_][[:alnum:]_$]*',
                        '::|:=|\.\.',
                        '(?:-(?!-)|/(?!\*)|[+*<>=~!@#%^&|`?])+',
                        '.)'), 'g') with ordinality as t (found, n)
                order by t.n)
$$;

comment on function core.sql_tokens(text) is 'The tokens of SQL or PL/pgSQL text; joined they are the text again';
grant execute on function core.sql_tokens(text) to plinth_system;
