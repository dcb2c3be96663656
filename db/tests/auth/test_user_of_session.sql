-- core.user_of_session: the user of plinth psql --as stands in where an operator names none.
begin;
select plan(7);

select function_returns('core', 'user_of_session', '{}'::text[], 'uuid', 'it is a user''s id');
select volatility_is('core', 'user_of_session', '{}'::text[], 'stable', 'it only reads');
select is_definer('core', 'user_of_session', '{}'::text[], 'it runs as its owner');
select is(core.user_of_session(), null, 'without --as there is none');

set local plinth.as_user = 'ALICE';
select is((select username from api.get_current_user(null)), 'alice', 'NULL is the named user, in any case');
select is(
  (select username from api.get_current_user('01900000-0000-7000-8000-000000000006')), 'bob',
  'a user that is named in the call comes first');

set local plinth.as_user = 'nobody';
select throws_ok('select core.user_of_session()', 'NF001', 'There is no account nobody', 'an unknown name is told');

select * from finish();
rollback;
