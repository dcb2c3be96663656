-- core.erase_rows: piece by piece, until nothing personal of one user is left, and everything of another.
begin;
select plan(26);

select is(pg_get_function_arguments('core.erase_rows'::regproc), 'p_user_id uuid, p_most integer', 'arguments');
select is(pg_get_function_result('core.erase_rows'::regproc), 'integer', 'result');
select volatility_is('core', 'erase_rows', array['uuid', 'integer'], 'volatile');
select is_definer('core', 'erase_rows', array['uuid', 'integer']);
select function_owner_is('core', 'erase_rows', array['uuid', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.erase_rows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.erase_rows'::regproc;

insert into auth.users (id, username, email, password_hash, full_name, bio, avatar_url, metadata, login_count, status) values
  ('019e0000-0000-7000-8000-00000000e301', 'tap_forget_anna', 'tap_forget_anna@example.org', '$2a$04$x', 'Anna Alder', 'I am Anna',
   'https://example.org/anna.png', '{"of": "anna"}', 3, 'active'),
  ('019e0000-0000-7000-8000-00000000e302', 'tap_forget_ben', 'tap_forget_ben@example.org', null, 'Ben', null,
   null, '{}', 0, 'deleted');
insert into auth.user_roles (user_id, role) select u.id, 'user' from auth.users u where u.username ~ '^tap_forget_';
insert into auth.sessions (user_id, token_hash, refresh_hash, user_agent, address, expires_at, refresh_expires_at)
select u.id, sha256(u.username::bytea), sha256(u.email::bytea), 'an agent', '192.0.2.9', now(), now()
  from auth.users u where u.username ~ '^tap_forget_';

insert into chat.conversations (user_id, id)
select u.id, '019e0000-0000-7000-8000-00000000e3c1' from auth.users u where u.username ~ '^tap_forget_';
insert into chat.messages (user_id, conversation_id, role, content)
select u.id, '019e0000-0000-7000-8000-00000000e3c1', 'user', 'word ' || n
  from auth.users u cross join generate_series(1, 25) n where u.username ~ '^tap_forget_';
insert into chat.skills (name, version, description, parameters) values ('tap_forget', '1.0.0', 'Tests', '{"type": "object"}');
insert into chat.function_executions (user_id, skill_name, skill_version, arguments, error_kind,
  error_message, status, started_at, expires_at, finished_at)
select u.id, 'tap_forget', '1.0.0', '{"of": "me"}', 'anna', 'of me', 'failed', now(), now() + interval '1 h', now()
  from auth.users u cross join generate_series(1, 25) n where u.username ~ '^tap_forget_';

insert into auth.teams (id, name) values ('019e0000-0000-7000-8000-00000000e3f1', 'tap forget');
insert into auth.team_invitations (team_id, email, invited_by, expires_at)
select '019e0000-0000-7000-8000-00000000e3f1', n || '@example.org', '019e0000-0000-7000-8000-00000000e302',
       now() + interval '1 day'
  from unnest(array['tap_forget_anna', 'tap_forget_cora']) n;
insert into analytics.api_metrics
select u.id, date_trunc('hour', now()), '/tap', 'GET', 2, 'tap-model', 3, 0, 0, 0, 30, 10, '{3}'
  from auth.users u where u.username ~ '^tap_forget_';

select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e301', true);
select throws_ok($$ select core.erase_rows('019e0000-0000-7000-8000-00000000e301', 10) $$, 'NF001',
                 'No erasure of this account is under way', 'one that was not begun');
update auth.users set status = 'deleted', deleted_at = clock_timestamp() - interval '11 seconds' where username ~ '^tap_forget_';
select core.begin_erasure('019e0000-0000-7000-8000-00000000e301', 'test') is null as begun \gset
select throws_ok($$ select core.erase_rows('019e0000-0000-7000-8000-00000000e302', 10) $$, 'NF001', null,
                 'not another user''s: the policies do not show it');

-- What is left, after each piece: never more than ten rows fewer.
create temp table pieces (n serial, rows integer, messages bigint, runs bigint);
create function pg_temp.piece() returns integer language plpgsql as $$
declare
  v_rows integer := core.erase_rows('019e0000-0000-7000-8000-00000000e301', 10);
begin
  insert into pieces (rows, messages, runs)
  select v_rows, (select count(*) from chat.messages m where m.user_id = '019e0000-0000-7000-8000-00000000e301'),
         (select count(*) from chat.function_executions e
           where e.user_id = '019e0000-0000-7000-8000-00000000e301' and e.arguments <> '{}');
  return v_rows;
end
$$;
select ok(pg_temp.piece() = 10, 'a piece has as many rows as asked for');
do $$ begin for n in 1..50 loop exit when pg_temp.piece() < 10; end loop; end $$;
select is_empty($$ select from (select p.*, lag(p.messages + p.runs) over (order by p.n) as before from pieces p) p
                    where p.before - (p.messages + p.runs) > 10 $$, 'no piece takes more');
select cmp_ok((select count(*) from pieces), '>=', 6::bigint, 'so it takes several');
select results_eq('select p.messages, p.runs from pieces p order by p.n desc limit 1', 'values (0::bigint, 0::bigint)',
                  'until nothing is left');
select ok(rows < 10, 'which the last one tells') from pieces order by n desc limit 1;
select throws_ok($$ select core.erase_rows('019e0000-0000-7000-8000-00000000e301', 10) $$, 'NF001', null, 'then it is over');
select set_config('plinth.caller', '', true);

select is_empty($$ select from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000e301' $$, 'it has no session');
select is_empty($$ select from auth.user_roles r where r.user_id = '019e0000-0000-7000-8000-00000000e301' $$, 'and no role');
select is_empty($$ select from ops.audit_details d where d.user_id = '019e0000-0000-7000-8000-00000000e301' $$,
                'the trail keeps no detail');
select isnt_empty(
  $$ select from ops.audit_logs l join ops.audit_erasures e on e.audit_id = l.id
      where l.user_id = '019e0000-0000-7000-8000-00000000e301' and l.action = 'insert' and e.reason = 'test' $$,
  'but that there was one');
select is((select count(*) from chat.function_executions e where e.user_id = '019e0000-0000-7000-8000-00000000e301'
             and e.result is null and coalesce(e.error_kind, e.error_message) is null), 25::bigint, 'runs stay as numbers');
select is((select count(*) from chat.unfolded_executions e where e.user_id = '019e0000-0000-7000-8000-00000000e301'
             and e.error_kind is null), 25::bigint, 'so does what is not in the sums yet');
select results_eq($$ select m.model, m.calls from analytics.api_metrics m
                      where m.user_id = '019e0000-0000-7000-8000-00000000e301' $$,
                  $$ values ('erased', 3::bigint) $$, 'and calls, but not of which model');
select results_eq($$ select i.email from auth.team_invitations i where i.team_id = '019e0000-0000-7000-8000-00000000e3f1' $$,
                  array['tap_forget_cora@example.org'], 'no invitation of another names it');
select is((select m.model from analytics.api_metrics m where m.user_id = '019e0000-0000-7000-8000-00000000e302'), 'tap-model',
          'another user''s models stay');
select is((select count(*) from chat.messages m where m.user_id = '019e0000-0000-7000-8000-00000000e302'), 25::bigint,
          'another user''s messages stay');
select results_eq(
  $$ select u.full_name, (select count(*) from auth.sessions s where s.user_id = u.id), u.roles,
            (select count(*) > 0 from ops.audit_details d where d.user_id = u.id)
       from auth.users u where u.username = 'tap_forget_ben' $$,
  $$ values ('Ben', 1::bigint, '{user}'::text[], true) $$, 'another user has everything');

select * from finish();
rollback;
