-- base.setting: reads one setting; asking for one that does not exist is a mistake of the code and fails.
begin;
select plan(15);

select is(pg_get_function_arguments('base.setting'::regproc), 'p_name text', 'arguments');
select is(pg_get_function_result('base.setting'::regproc), 'text', 'result');
select volatility_is('base', 'setting', array['text'], 'stable');
select is_definer('base', 'setting', array['text']);
select function_owner_is('base', 'setting', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'base.setting'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'base.setting'::regproc;

insert into base.settings (name, value, type, description) values ('tap.word', 'one', 'text', 'of this test');

select is(base.setting('tap.word'), 'one', 'the value');
update base.settings s set value = 'two' where s.name = 'tap.word';
select is(base.setting('tap.word'), 'two', 'a change shows in the next statement');

select throws_ok($$ select base.setting('tap.nothing') $$, 'P0002', null, 'an unknown name');
select throws_ok($$ select base.setting(null) $$, 'P0002', null, 'no name');
select throws_ok($$ select base.setting('TAP.WORD') $$, 'P0002', null, 'names are written one way');

set session authorization plinth_operator;
select is(base.setting('tap.word'), 'two', 'an operator reads it');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select base.setting('tap.word') $$, '42501', null, 'the layer''s login does not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select base.setting('tap.word') $$, '42501', null, 'a reader does not');
reset session authorization;

select * from finish();
rollback;
