-- core.export_rows: everything of one user, and nothing of another.
begin;
select plan(16);

select is(pg_get_function_arguments('core.export_rows'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('core.export_rows'::regproc), 'json', 'result');
select volatility_is('core', 'export_rows', array['uuid'], 'stable');
select is_definer('core', 'export_rows', array['uuid']);
select function_owner_is('core', 'export_rows', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.export_rows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.export_rows'::regproc;

insert into auth.users (id, username, email, password_hash, bio) values
  ('019e0000-0000-7000-8000-00000000e001', 'tap_export_anna', 'tap_export_anna@example.org', '$2a$04$hidden', 'Anna "A"'),
  ('019e0000-0000-7000-8000-00000000e002', 'tap_export_ben', 'tap_export_ben@example.org', null, null);
insert into auth.sessions (user_id, token_hash, refresh_hash, user_agent, expires_at, refresh_expires_at)
select u.id, sha256(u.username::bytea), sha256(u.email::bytea), u.username || ' agent', now(), now()
  from auth.users u where u.username ~ '^tap_export_';

select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e001', true);
create temp table told as select core.export_rows('019e0000-0000-7000-8000-00000000e001')::jsonb as doc;
select set_config('plinth.caller', '', true);

select results_eq(
  $$ select d.doc #>> '{auth.users,0,username}', d.doc #>> '{auth.users,0,bio}', d.doc #>> '{auth.sessions,0,user_agent}',
            jsonb_array_length(d.doc -> 'auth.logins') from told d $$,
  $$ values ('tap_export_anna', 'Anna "A"', 'tap_export_anna agent', 2) $$, 'the account and its rows');
select is(array(select jsonb_object_keys(d.doc) from told d order by 1)::text[],
          array(select t.name from core.export_tables() t order by 1), 'every table, also where there is nothing');
select ok(d.doc::text !~ 'hidden' and not (d.doc #> '{auth.users,0}') ? 'password_hash', 'no hash') from told d;
select ok(d.doc::text !~ encode(sha256('tap_export_anna'), 'hex'), 'no digest of a token') from told d;
select ok(d.doc::text !~ 'tap_export_ben', 'nothing of another user') from told d;

-- Asked for another user, or with nobody to act for, policies leave nothing.
select is((select count(*) from json_each(core.export_rows('019e0000-0000-7000-8000-00000000e001')) e where e.value::text <> '[]'),
          0::bigint, 'with nobody to act for there is nothing');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e002', true);
select is((select count(*) from json_each(core.export_rows('019e0000-0000-7000-8000-00000000e001')) e where e.value::text <> '[]'),
          0::bigint, 'nor of another user');

-- To the byte: what the rows are as text, and no more.
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e001', true);
create temp table lines as select sum(octet_length((l.line -> 'row')::text)) as bytes
  from core.export_lines('019e0000-0000-7000-8000-00000000e001') l;
select base.set_setting('account.export_bytes', l.bytes::text) from lines l;
select lives_ok($$ select core.export_rows('019e0000-0000-7000-8000-00000000e001') $$, 'as large as it may be');
select base.set_setting('account.export_bytes', (l.bytes - 1)::text) from lines l;
select throws_ok($$ select core.export_rows('019e0000-0000-7000-8000-00000000e001') $$, 'KC010',
  format('The account holds more than the %s bytes of one document; row by row it comes from GET /v1/me/export/rows, or for '
         'an administrator from POST /v1/users/019e0000-0000-7000-8000-00000000e001/export/rows', l.bytes - 1),
  'and a byte more') from lines l;

select * from finish();
rollback;
