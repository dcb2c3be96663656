-- core.find_account: the account with this id, username or address.
begin;
select plan(14);

select is(pg_get_function_arguments('core.find_account'::regproc), 'p_who text', 'arguments');
select is(pg_get_function_result('core.find_account'::regproc), 'uuid', 'result');
select volatility_is('core', 'find_account', array['text'], 'stable');
select isnt_definer('core', 'find_account', array['text']);
select function_owner_is('core', 'find_account', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.find_account'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.find_account'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba11
insert into auth.users (id, username, email) values (:'anna', 'tap_find_anna', 'tap_find_anna@example.org');
-- A username that reads as Anna's id.
insert into auth.users (id, username, email)
values ('019e0000-0000-7000-8000-00000000ba12', :'anna', 'tap_find_ben@example.org');

select is(core.find_account('Tap_Find_Anna'), :'anna', 'by the username, in any case');
select is(core.find_account('tap_find_anna@EXAMPLE.org'), :'anna', 'by the address');
select is(core.find_account(upper(:'anna')), :'anna', 'by the id, even if another''s username reads the same');
select throws_ok($$ select core.find_account('tap_find_nobody') $$, 'NF001', 'There is no account tap_find_nobody', 'a name');
select throws_ok($$ select core.find_account('019e0000-0000-7000-8000-00000000ba13') $$, 'NF001', null, 'an unknown id');
select throws_ok($$ select core.find_account('') $$, 'NF001', null, 'an empty name');
select throws_ok($$ select core.find_account(null) $$, 'NF001', null, 'no name');

select * from finish();
rollback;
