-- core.mail_occasion: the same for five minutes, another for another subject.
begin;
select plan(11);

select is(pg_get_function_arguments('core.mail_occasion'::regproc),
  'p_about text DEFAULT ''''::text', 'arguments');
select is(pg_get_function_result('core.mail_occasion'::regproc), 'text', 'result');
select volatility_is('core', 'mail_occasion', array['text'], 'stable');
select isnt_definer('core', 'mail_occasion', array['text']);
select function_owner_is('core', 'mail_occasion', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.mail_occasion'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.mail_occasion'::regproc;

select matches(core.mail_occasion(), '^\d{4}-\d\d-\d\d \d\d:\d[05]$', 'five minutes');
select ok(core.mail_occasion()::timestamptz between now() - interval '5 min' and now(), 'those of now');
select is(core.mail_occasion('A@B'), core.mail_occasion() || ' a@b', 'and what it is about, in any case');
select is(core.mail_occasion(null), core.mail_occasion(), 'which may be nothing');

select * from finish();
rollback;
