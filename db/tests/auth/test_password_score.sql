-- core.password_score: how hard a password is to guess, and why.
begin;
select plan(40);

select is(pg_get_function_arguments('core.password_score'::regproc),
  'p_password text, VARIADIC p_context text[] DEFAULT ''{}''::text[]', 'arguments');
select is(pg_get_function_result('core.password_score'::regproc),
  'TABLE(score integer, reasons text[], counted integer)', 'result');
select volatility_is('core', 'password_score', array['text', 'text[]'], 'stable');
select isnt_definer('core', 'password_score', array['text', 'text[]']);
select function_owner_is('core', 'password_score', array['text', 'text[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.password_score'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.password_score'::regproc;

create function pg_temp.why(p_password text, variadic p_context text[] default '{}') returns text language sql as $$
  select concat_ws(' ', s.counted, nullif(array_to_string(s.reasons, ', '), ''))
    from core.password_score(p_password, variadic p_context) s
$$;

select is(pg_temp.why('correct horse battery staple'), '28', 'words nobody put together before');
select is(pg_temp.why('xK9#pL2$vB7!'), '12', 'noise');
select is(pg_temp.why('password'), '1 a common password', 'what everybody tries');
select is(pg_temp.why('PassWord'), '1 a common password', 'in any case');
select is(pg_temp.why('P@ssw0rd'), '1 a common password', 'written with signs');
select is(pg_temp.why('drowssap'), '1 a common password', 'backwards');
select is(pg_temp.why('zqllabtoofkm'), '5 a common password', 'backwards, with something around it');
select is(pg_temp.why('ｐａｓｓｗｏｒｄ'), '1 a common password', 'in wide letters');
select is(pg_temp.why('my password, my secret'), '14 a common password', 'with something around it');
select is(pg_temp.why('drowssap and password'), '7 a common password', 'twice');
select is(pg_temp.why('aaaaaaaaaaaaaaaaaaaaaaaa'), '1 one character repeated', 'one character');
select is(pg_temp.why('QrsTuvwxyz'), '1 a sequence', 'letters in order');
select is(pg_temp.why('zyxwvuts'), '1 a sequence backwards', 'backwards');
select is(pg_temp.why('567890123'), '1 a sequence', 'digits, round the corner');
select is(pg_temp.why('iuytre'), '1 a row of keys backwards', 'a row of keys');
select is(pg_temp.why('rfv5tgb6'), '1 a column of keys', 'columns of keys');
select is(pg_temp.why('abcMxyzQ789'), '5 a sequence', 'three are enough');
select is(pg_temp.why('hat top wet'), '11', 'and neighbours by chance are not');
select is(pg_temp.why('kqxmwzkqxmwzkqxmwz'), '8 a repetition', 'what comes again counts once');
select is(pg_temp.why('bqx1987'), '4 a date', 'a year');
select is(pg_temp.why('bqx 19.05.1987'), '5 a date', 'a day');
select is(pg_temp.why('bqx 2024-11-05!'), '6 a date', 'as computers write it');
select is(pg_temp.why('bqx3487'), '7', 'a number that is none');
select is(pg_temp.why('annabella-qxz', 'AnnaBella'), '5 your name, your address or the product''s name',
          'what an acquaintance knows');
select is(pg_temp.why('plinth-qxz'), '5 your name, your address or the product''s name', 'whose it is');
select is(pg_temp.why('ann-qxz-bo', 'an', null, ''), '10', 'short words and missing ones are nothing');
select is(pg_temp.why(''), '0', 'an empty one');
select is(pg_temp.why(null), '0', 'none');

select is((select s.score from core.password_score('') s), 0, 'from 0');
select is((select s.score from core.password_score('correct horse battery staple') s), 100, 'to 100');
select ok((select array_agg(s.score order by n) = array_agg(s.score order by s.score)
             from unnest(array['aaaaaaaa', 'annabella1987', 'kqxmwz', 'kqxmwzvb', 'kqXmwzvb7', 'kqXmwzvb7#t', 'kqXmwzvb7#tRp2y'])
             with ordinality as p (password, n) cross join core.password_score(p.password, 'annabella') s), 'in between in order');
select lives_ok($$ select core.password_score(repeat(md5('x'), 8)) $$, 'long ones too');

set session authorization plinth_web;
select throws_ok($$ select core.password_score('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
