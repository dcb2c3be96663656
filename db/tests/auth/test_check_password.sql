-- core.check_password: the rules of a new password, each named to who breaks it.
begin;
select plan(34);

select is(pg_get_function_arguments('core.check_password'::regproc),
  'p_password text, VARIADIC p_context text[] DEFAULT ''{}''::text[]', 'arguments');
select is(pg_get_function_result('core.check_password'::regproc), 'void', 'result');
select volatility_is('core', 'check_password', array['text', 'text[]'], 'stable');
select isnt_definer('core', 'check_password', array['text', 'text[]']);
select function_owner_is('core', 'check_password', array['text', 'text[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_password'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_password'::regproc;

create function pg_temp.rule(p_password text, variadic p_context text[] default '{}')
returns text
language plpgsql
as $$
declare
  v_field text;
begin
  perform core.check_password(p_password, variadic p_context);
  return null;
exception when sqlstate 'VL001' then
  get stacked diagnostics v_field = column_name;
  return v_field || ': ' || sqlerrm;
end
$$;

update base.settings s set value = '15' where s.name = 'password.minimum_length';

select is(pg_temp.rule('correct horse battery'), null, 'words with spaces, no kinds of characters asked for');
select is(pg_temp.rule('fifteen-letters'), null, '15 characters');
select is(pg_temp.rule('fourteen-chars'), 'password: password must have at least 15 characters', '14 characters');
select is(pg_temp.rule(''), 'password: password must have at least 15 characters', 'an empty one');
select is(pg_temp.rule('пароль-из-букв!'), null, 'characters count, not bytes');
select is(pg_temp.rule('пароль-из-букв'), 'password: password must have at least 15 characters', 'in every alphabet');
select is(pg_temp.rule(repeat('ﬁ', 8)), null, 'they are counted as they are hashed: a ligature is two letters (NFKC)');
select is(pg_temp.rule(repeat('e' || chr(769), 7) || 'fghijk'),
          'password: password must have at least 15 characters', 'and a letter with its accent is one');
select is(pg_temp.rule(repeat('ab', 128)), null, '256 characters');
select is(pg_temp.rule(repeat('ab', 128) || 'c'), 'password: password must have at most 256 characters and 1,024 bytes',
          '257 characters');

select is(pg_temp.rule(repeat('x', 20)), 'password: password must not be one character repeated', 'one character');
select is(pg_temp.rule('0123456789012345'), 'password: password must not be a sequence', 'digits in order');
select is(pg_temp.rule('ABCDEFGHIJKLMNOPQRST'), 'password: password must not be a sequence',
          'the alphabet, in capitals too');
select is(pg_temp.rule('qwertyuiopasdfgh'), 'password: password must not be a sequence', 'a row of keys');
select is(pg_temp.rule('56789012345678901'), 'password: password must not be a sequence', 'from the middle on');
select is(pg_temp.rule('0123456789-012345'), null, 'with something between it is no sequence');

select is(pg_temp.rule('annabella1234567', 'annabella'),
          'password: password must not be made of your name, your address or the product''s name', 'little but a name');
select is(pg_temp.rule('AnnaBella1234567', 'annabella'),
          'password: password must not be made of your name, your address or the product''s name', 'in any case');
select is(pg_temp.rule('annabella1234567', 'AnnaBella'),
          'password: password must not be made of your name, your address or the product''s name', 'either way');
select is(pg_temp.rule('annabella12345678', 'annabella'), null, 'eight characters besides the name are something');
select is(pg_temp.rule('bellannannabell', 'anna', 'bella'), null, 'each word is taken out for itself');
select is(pg_temp.rule('plinthplinthplinth'),
          'password: password must not be made of your name, your address or the product''s name', 'ours likewise');
select is(pg_temp.rule('anananananananan', 'an', null), null, 'short words and missing ones do not count');

select throws_ok('select core.check_password(null)', 'VL003', 'A password is needed', 'none at all');

update base.settings s set value = '8' where s.name = 'password.minimum_length';
select is(pg_temp.rule('eight-ch'), null, 'the minimum is a setting');
select is(pg_temp.rule('seven-c'), 'password: password must have at least 8 characters', 'and the sentence names it');

set session authorization plinth_web;
select throws_ok($$ select core.check_password('correct horse battery') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
