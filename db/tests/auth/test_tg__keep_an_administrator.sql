-- auth.tg__keep_an_administrator: one active administrator stays, whoever changes what.
begin;
select plan(13);

\set anna 019e0000-0000-7000-8000-00000000ba91
\set ben 019e0000-0000-7000-8000-00000000ba92
insert into auth.users (id, username, email) values
  (:'anna', 'tap_keep_anna', 'tap_keep_anna@example.org'), (:'ben', 'tap_keep_ben', 'tap_keep_ben@example.org');
insert into auth.user_roles (user_id, role) values (:'anna', 'administrator'), (:'ben', 'administrator');
delete from auth.user_roles r where r.role = 'administrator' and r.user_id not in (:'anna', :'ben');
select is((select count(*) from auth.user_roles where role = 'administrator'), 2::bigint, 'there are two');

savepoint two;
select lives_ok($$ update auth.users set status = 'suspended' where username = 'tap_keep_ben' $$, 'one may be suspended');
select throws_ok($$ update auth.users set status = 'suspended' where username = 'tap_keep_anna' $$,
                 'KC003', 'The last administrator stays: appoint another first', 'then the other may not');
select throws_ok($$ update auth.users set status = 'deleted' where username = 'tap_keep_anna' $$, 'KC003', null, 'nor be deleted');
select throws_ok($$ delete from auth.users where username = 'tap_keep_anna' $$, 'KC003', null, 'nor be removed');
select throws_ok($$ delete from auth.user_roles where user_id = '019e0000-0000-7000-8000-00000000ba91' $$, 'KC003', null,
                 'nor lose the role');
select throws_ok($$ update auth.user_roles set role = 'user' where user_id = '019e0000-0000-7000-8000-00000000ba91' $$,
                 'KC003', null, 'nor change it');
select throws_ok($$ delete from auth.user_roles where role = 'administrator' $$, 'KC003', null, 'nor all at once');
select lives_ok($$ delete from auth.user_roles where user_id = '019e0000-0000-7000-8000-00000000ba92' $$,
                'a suspended one may lose the role');
rollback to two;
select throws_ok($$ update auth.users set status = 'suspended' where username like 'tap\_keep\_%' $$, 'KC003', null,
                 'two in one statement');
select lives_ok($$ delete from auth.users where username = 'tap_keep_ben' $$, 'one of two may be removed');
select lives_ok($$ update auth.users set bio = 'x' where username = 'tap_keep_anna' $$, 'the last one may change');
select is((select r.version from auth.roles r where r.name = 'administrator'),
          (select r.version from auth.roles r where r.name = 'administrator' and r.updated_at = r.created_at),
          'the role it waits on does not change');

select * from finish();
rollback;
