-- Grants as row policies use them: a planted kind of thing, every right and every verb, for its owner, a user, a
-- team, and a stranger.
begin;
select plan(39);

\set anna 019e0000-0000-7000-8000-00000000bc01
\set ben 019e0000-0000-7000-8000-00000000bc02
\set cleo 019e0000-0000-7000-8000-00000000bc03
\set team 019e0000-0000-7000-8000-00000000bc11
\set thing 019e0000-0000-7000-8000-00000000bc21
insert into auth.users (id, username, email) values
  (:'anna', 'tap_grants_anna', 'tap_grants_anna@example.org'), (:'ben', 'tap_grants_ben', 'tap_grants_ben@example.org'),
  (:'cleo', 'tap_grants_cleo', 'tap_grants_cleo@example.org');
insert into auth.teams (id, name) values (:'team', 'Planted');
insert into auth.team_members (team_id, user_id, role) values (:'team', :'anna', 'owner'), (:'team', :'cleo', 'member');

-- A kind of thing, as 140_teams.sql tells a domain to make one.
set local role plinth_owner;
create table auth.tap_things (
  user_id uuid not null, id uuid not null default base.new_id(), title text not null,
  constraint tap_things_pkey primary key (user_id, id)
);
create index tap_things_id_idx on auth.tap_things (id);
insert into auth.resource_types (name, schema_name, table_name, description) values
  ('tap_thing', 'auth', 'tap_things', 'planted');
alter table auth.tap_things enable row level security;
alter table auth.tap_things force row level security;
create policy own_and_granted_read on auth.tap_things for select to plinth_owner
  using (case when user_id = (select base.current_user_id()) then true
              else id = any ((select auth.granted_ids('tap_thing', 'read'))::uuid[]) end);
create policy own_insert on auth.tap_things for insert to plinth_owner
  with check (user_id = (select base.current_user_id()));
create policy own_and_granted_update on auth.tap_things for update to plinth_owner
  using (case when user_id = (select base.current_user_id()) then true
              else id = any ((select auth.granted_ids('tap_thing', 'write'))::uuid[]) end);
create policy own_and_granted_delete on auth.tap_things for delete to plinth_owner
  using (case when user_id = (select base.current_user_id()) then true
              else id = any ((select auth.granted_ids('tap_thing', 'admin'))::uuid[]) end);
create trigger _200_end_grants after delete on auth.tap_things
  for each row execute function auth.tg__end_grants('tap_thing', 'id');
create trigger _910_touch_granted after update or delete on auth.tap_things
  for each row execute function auth.tg__touch_granted('tap_thing', 'id', 'things');
reset role;
insert into auth.tap_things (user_id, id, title) values (:'anna', :'thing', 'Anna''s');

-- What somebody can do with Anna's thing, as the functions of plinth_owner do it; a delete and a grant are undone.
create function pg_temp.can(p_user_id uuid) returns text language plpgsql volatile as $$
declare
  v_can text[] := '{}';
  v_rows integer;
begin
  perform set_config('plinth.caller', p_user_id::text, true);
  set local role plinth_owner;
  if exists (select from auth.tap_things t where t.title like 'Anna%') then
    v_can := v_can || text 'select';
  end if;
  update auth.tap_things t set title = t.title where t.id = '019e0000-0000-7000-8000-00000000bc21';
  if found then
    v_can := v_can || text 'update';
  end if;
  begin
    delete from auth.tap_things t where t.id = '019e0000-0000-7000-8000-00000000bc21';
    get diagnostics v_rows = row_count;
    if v_rows > 0 then
      raise exception using errcode = 'P0001';
    end if;
  exception when raise_exception then
    v_can := v_can || text 'delete';
  end;
  reset role;
  begin
    perform api.grant_access(p_user_id, 'tap_thing', '019e0000-0000-7000-8000-00000000bc21', 'read', 'tap_grants_dora');
    raise exception using errcode = 'P0001';
  exception
    when raise_exception then
      v_can := v_can || text 'grant';
    when sqlstate 'NP001' or sqlstate 'NF001' then
      null;
  end;
  perform set_config('plinth.caller', '', true);
  return array_to_string(v_can, ' ');
end
$$;
insert into auth.users (username, email) values ('tap_grants_dora', 'tap_grants_dora@example.org');
create function pg_temp.give(p_right text, p_username text, p_team_id uuid default null) returns uuid
language sql volatile as $$
  select id from api.grant_access('019e0000-0000-7000-8000-00000000bc01', 'tap_thing', '019e0000-0000-7000-8000-00000000bc21',
                                  p_right, p_username, p_team_id)
$$;
select is(pg_temp.can(:'anna'), 'select update delete grant', 'the owner can everything');
select is(pg_temp.can(:'ben'), '', 'another user nothing');
select is(pg_temp.can(:'cleo'), '', 'nor a member of the owner''s team');

select lives_ok($$ select pg_temp.give('read', 'tap_grants_ben') $$, 'to a user: read');
select is(pg_temp.can(:'ben'), 'select', 'he reads');
select lives_ok($$ select pg_temp.give('write', 'TAP_grants_Ben') $$, 'write');
select is(pg_temp.can(:'ben'), 'select update', 'he changes');
select lives_ok($$ select pg_temp.give('admin', 'tap_grants_ben') $$, 'admin');
select is(pg_temp.can(:'ben'), 'select update delete grant', 'he deletes and grants');
select is((select count(*) from auth.grants g where g.resource_id = :'thing'), 1::bigint, 'one grant that changed');
select is(pg_temp.can(:'cleo'), '', 'and nobody else can anything');

select lives_ok($$ select pg_temp.give('read', null, '019e0000-0000-7000-8000-00000000bc11') $$, 'to a team: read');
select is(pg_temp.can(:'cleo'), 'select', 'its member reads');
select lives_ok($$ select pg_temp.give('write', null, '019e0000-0000-7000-8000-00000000bc11') $$, 'write');
select is(pg_temp.can(:'cleo'), 'select update', 'changes');
select lives_ok($$ select pg_temp.give('admin', null, '019e0000-0000-7000-8000-00000000bc11') $$, 'admin');
select is(pg_temp.can(:'cleo'), 'select update delete grant', 'deletes and grants');

-- It ends at once, whichever way.
delete from base.touched_tags;
select lives_ok($$ select api.revoke_access('019e0000-0000-7000-8000-00000000bc01', g.id) from auth.grants g
                    where g.subject_user_id = '019e0000-0000-7000-8000-00000000bc02' $$, 'the owner takes it back');
select is(pg_temp.can(:'ben'), '', 'gone');
select ok('sessions:019e0000-0000-7000-8000-00000000bc02' in (select tag from base.touched_tags),
          'and his cached answers are void');
update auth.tap_things t set title = 'Anna''s own' where t.id = :'thing';
select isnt_empty($$ select from base.touched_tags where tag = 'things:019e0000-0000-7000-8000-00000000bc03' $$,
                  'a changed thing voids what a member of the team was answered');
delete from base.touched_tags;
select lives_ok($$ select api.leave_team('019e0000-0000-7000-8000-00000000bc03',
                '019e0000-0000-7000-8000-00000000bc11') $$,
                'the member leaves the team');
select is(pg_temp.can(:'cleo'), '', 'gone');
select isnt_empty($$ select from base.touched_tags where tag = 'sessions:019e0000-0000-7000-8000-00000000bc03' $$,
                  'with the cached answers');
select lives_ok($$ select api.add_team_member('019e0000-0000-7000-8000-00000000bc01',
                '019e0000-0000-7000-8000-00000000bc11',
                                              'tap_grants_cleo') $$, 'she is back');
select is(pg_temp.can(:'cleo'), 'select update delete grant', 'and can what the team can');
select lives_ok($$ select api.delete_team('019e0000-0000-7000-8000-00000000bc01',
                '019e0000-0000-7000-8000-00000000bc11') $$,
                'the team goes');
select is(pg_temp.can(:'cleo'), '', 'gone');
select is_empty($$ select from auth.grants g where g.resource_id = '019e0000-0000-7000-8000-00000000bc21' $$,
                'and the grant with it');
select lives_ok($$ select pg_temp.give('admin', 'tap_grants_ben') $$, 'given again');
update auth.users set status = 'deleted', deleted_at = now() where username = 'tap_grants_ben';
update auth.users set status = 'erased' where username = 'tap_grants_ben';
select is_empty($$ select from auth.grants $$, 'an erased account has no rights');
select lives_ok($$ select pg_temp.give('read', 'tap_grants_cleo') $$, 'given to another');
delete from auth.tap_things where id = :'thing';
select is_empty($$ select from auth.grants $$, 'a right ends with its thing');

-- Every way a statement names what it wants is read through an index, with rights and without.
insert into auth.tap_things (user_id, title)
select case when n % 100 = 0 then :'anna'::uuid else :'cleo'::uuid end, 'x' from generate_series(1, 20000) n;
insert into auth.grants (user_id, resource_type, resource_id, subject_user_id, permitted)
select t.user_id, 'tap_thing', t.id, :'anna', 'read' from auth.tap_things t where t.user_id = :'cleo' order by t.id limit 500;
analyze auth.tap_things;
create function pg_temp.plan(p_query text) returns text language plpgsql volatile as $$
declare
  v_line text; v_plan text := '';
begin
  set local role plinth_owner;
  for v_line in execute 'explain (costs off) ' || p_query loop
    v_plan := v_plan || v_line || E'\n';
  end loop;
  reset role;
  return v_plan;
end
$$;
select set_config('plinth.caller', :'anna', true);
select matches(pg_temp.plan('select * from auth.tap_things t where t.id = ''019e0000-0000-7000-8000-00000000bc21'''),
               'Index Scan using tap_things_id_idx', 'by id');
select alike(pg_temp.plan('select * from auth.tap_things t where t.user_id = ''019e0000-0000-7000-8000-00000000bc01''
                           order by t.id desc limit 50'), '%Index Scan%', 'one''s own, newest first');
select unalike(pg_temp.plan('select * from auth.tap_things t where t.user_id = ''019e0000-0000-7000-8000-00000000bc01''
                             order by t.id desc limit 50'), '%Sort%', 'in the order of the index');
select unalike(pg_temp.plan($$ select * from auth.tap_things t
                                where t.id = any ((select auth.granted_ids('tap_thing'))::uuid[]) order by t.id desc limit 50 $$),
               '%Seq Scan%', 'what was given');
select unalike(pg_temp.plan($$ update auth.tap_things t set title = 'y' where t.id = '019e0000-0000-7000-8000-00000000bc21' $$),
               '%Seq Scan%', 'a change');
select is(cardinality(auth.granted_ids('tap_thing')), 500, 'all that was given is in the array');

select * from finish();
rollback;
