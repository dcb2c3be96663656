-- auth.tg_team_members__keep_an_owner: who follows an owner whose account went.
begin;
select plan(3);

\set anna 019e0000-0000-7000-8000-00000000bea1
\set ben 019e0000-0000-7000-8000-00000000bea2
\set cleo 019e0000-0000-7000-8000-00000000bea3
\set dora 019e0000-0000-7000-8000-00000000bea4
\set team 019e0000-0000-7000-8000-00000000beb1
insert into auth.users (id, username, email) values (:'anna', 'tap_ko_anna', 'tap_ko_anna@example.org'),
  (:'ben', 'tap_ko_ben', 'tap_ko_ben@example.org'), (:'cleo', 'tap_ko_cleo', 'tap_ko_cleo@example.org'),
  (:'dora', 'tap_ko_dora', 'tap_ko_dora@example.org');
insert into auth.teams (id, name) values (:'team', 'One');
insert into auth.team_members (team_id, user_id, role, joined_at) values
  (:'team', :'anna', 'owner', now() - interval '4 h'), (:'team', :'ben', 'member', now() - interval '3 h'),
  (:'team', :'cleo', 'admin', now() - interval '1 h'), (:'team', :'dora', 'admin', now() - interval '2 h');
create function pg_temp.owner() returns text language sql volatile as $$
  select string_agg(u.username, ' ') from auth.team_members m join auth.users u on u.id = m.user_id
   where m.team_id = '019e0000-0000-7000-8000-00000000beb1' and m.role = 'owner'
$$;
delete from auth.users where id = :'anna';
select is(pg_temp.owner(), 'tap_ko_dora', 'the longest-standing admin');
delete from auth.users where id in (:'dora', :'cleo');
select is(pg_temp.owner(), 'tap_ko_ben', 'else a member');
delete from auth.users where id = :'ben';
select is_empty($$ select from auth.teams where id = '019e0000-0000-7000-8000-00000000beb1' $$,
                'a team without members goes');

select * from finish();
rollback;
