-- core.check_password: the rules of a new password, each named to who breaks it.
begin;
select plan(27);

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
select is(pg_temp.rule('ﬁﬂoﬀerbu'), 'password: password must have at least 15 characters', 'eleven letters and three ligatures');
select is(pg_temp.rule('ﬁﬂoﬀerbushky'), null, 'they are counted as they are hashed: a ligature is two letters (NFKC)');
select is(pg_temp.rule(repeat('e' || chr(769), 7) || 'mqzkvw'),
          'password: password must have at least 15 characters', 'and a letter with its accent is one');
create function pg_temp.noise(p_length integer) returns text language sql as $$
  select left(string_agg(md5(n::text), ''), p_length) from generate_series(1, 20) n
$$;
select is(pg_temp.rule(pg_temp.noise(256)), null, '256 characters');
select is(pg_temp.rule(pg_temp.noise(257)), 'password: password must have at most 256 characters and 1,024 bytes',
          '257 characters');

select is(pg_temp.rule(repeat('x', 20)), 'password: password must be more than one character repeated', 'one character');
select is(pg_temp.rule('ABCDEFGHIJKLMNOPQRST'), 'password: password must be more than a sequence',
          'the alphabet, in capitals too');
select is(pg_temp.rule('P@ssw0rd12345678'), 'password: password must be more than a common password',
          'what everybody tries');
select is(pg_temp.rule('annabella1234567', 'annabella'),
          'password: password must be more than your name, your address or the product''s name and a sequence',
          'little but a name');
select is(pg_temp.rule('annabella-xqvzkwm', 'annabella'), null, 'eight characters besides the name are something');

select throws_ok('select core.check_password(null)', 'VL003', 'A password is needed', 'none at all');

update base.settings s set value = '8' where s.name = 'password.minimum_length';
select is(pg_temp.rule('eight-ch'), null, 'the minimum is a setting');
select is(pg_temp.rule('seven-c'), 'password: password must have at least 8 characters', 'and the sentence names it');

set session authorization plinth_web;
select throws_ok($$ select core.check_password('correct horse battery') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
