-- api.refresh_session: a token works once; its answer is given again for a moment; an older one ends the session.
begin;
select plan(47);

select is(pg_get_function_arguments('api.refresh_session'::regproc), 'p_refresh_token text', 'arguments');
select is(pg_get_function_result('api.refresh_session'::regproc),
  'TABLE(token text, refresh_token text, expires_at timestamp with time zone)', 'result');
select volatility_is('api', 'refresh_session', array['text'], 'volatile');
select is_definer('api', 'refresh_session', array['text']);
select function_owner_is('api', 'refresh_session', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.refresh_session'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.refresh_session'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ed01', 'tap_refresh_anna', 'tap_refresh_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000ed02', 'tap_refresh_ben', 'tap_refresh_ben@example.org');
create function pg_temp.sign_in(p_name text, p_refresh text) returns void language sql as $$
  insert into auth.sessions (user_id, token_hash, refresh_hash, created_at, last_seen_at, expires_at, refresh_expires_at,
                             stepped_up_at)
  select u.id, sha256(p_refresh::bytea || 's'), sha256(p_refresh::bytea), now() - interval '1 day', now() - interval '1 day',
         now() + interval '5 min', now() + interval '6 days', now() from auth.users u where u.username = p_name
$$;
create temp table answer (n integer, token text, refresh_token text, expires_at timestamptz);
grant all on answer to plinth_web;
create temp view anna as
  select s.* from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000ed01' and s.ended_at is null;
create function pg_temp.failure() returns text language sql volatile as $$
  select current_setting('plinth.failure', true)::json ->> 'code'
$$;
select pg_temp.sign_in('tap_refresh_anna', 'anna 0');
select pg_temp.sign_in('tap_refresh_ben', 'ben 0');
create temp table before as select * from anna;
-- Anna is signed in elsewhere, too.
select pg_temp.sign_in('tap_refresh_anna', 'anna elsewhere');
create or replace temp view anna as
  select s.* from auth.sessions s
   where s.user_id = '019e0000-0000-7000-8000-00000000ed01' and s.ended_at is null and s.refresh_hash <> sha256('anna elsewhere');

-- Once.
set session authorization plinth_web;
insert into answer select 1, r.* from api.refresh_session('anna 0') r;
reset session authorization;
select matches(a.token, '^pls_ed01[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a session token') from answer a;
select matches(a.refresh_token, '^plr_ed01[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a refresh token') from answer a;
select isnt(substr(a.token, 9, 43), substr(a.refresh_token, 9, 43), 'two secrets') from answer a;
select results_eq(
  $$ select s.id, s.token_hash, s.refresh_hash, s.created_at, s.last_seen_at, s.expires_at, s.refresh_expires_at,
            s.stepped_up_at from anna s $$,
  $$ select b.id, sha256(convert_to(a.token, 'UTF8')), sha256(convert_to(a.refresh_token, 'UTF8')), b.created_at, now(),
            now() + interval '15 min', now() + interval '7 days', null::timestamptz from before b, answer a $$,
  'the same session: other tokens, a longer life, seen just now, no step-up any more');
select is(a.expires_at, now() + interval '15 min', 'told how long') from answer a;
select throws_ok($$ select http.enter('user', null, sha256('anna 0s'), '') $$, 'UN001', null,
                 'the old session token is dead');
select is(e.user_id, '019e0000-0000-7000-8000-00000000ed01', 'the new one works')
  from answer a, http.enter('user', null, sha256(convert_to(a.token, 'UTF8')), '') e;
select isnt_empty($$ select from base.touched_tags t where t.tag = 'sessions:019e0000-0000-7000-8000-00000000ed01' $$,
                  'copies of the old one are void');
select set_config('plinth.caller', '', true);

-- Again, within the grace: the answer may have been lost.
set session authorization plinth_web;
insert into answer select 2, r.* from api.refresh_session('anna 0') r;
reset session authorization;
select is((select count(distinct (a.token, a.refresh_token, a.expires_at)) from answer a), 1::bigint, 'the same answer again');
select is((select count(*) from auth.spent_refresh_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000ed01'),
          1::bigint, 'one token was spent');
select is_empty(
  $$ select from anna s, auth.spent_refresh_tokens t, answer a
      where concat(s, t) like '%' || a.token || '%' or concat(s, t) like '%' || a.refresh_token || '%' $$,
  'no token is in the tables');
select is(nullif(pg_temp.failure(), ''), null, 'no failure');

-- A second generation; then the grandparent comes back, even within the grace.
insert into answer select 3, r.* from answer a, api.refresh_session(a.refresh_token) r where a.n = 1;
select is((select count(distinct a.refresh_token) from answer a), 2::bigint, 'the successor has one, too');
select is_empty($$ select * from api.refresh_session('anna 0') $$, 'an older one: no answer');
select is(pg_temp.failure(), 'UN001', 'refused, and kept');
select is((select s.end_reason from auth.sessions s join before b on b.id = s.id), 'refresh token reused', 'the session ended');
select throws_ok(format('select * from api.refresh_session(%L)', a.refresh_token), 'UN001', null,
                 'for its rightful holder, too') from answer a where a.n = 3;
select throws_ok(format('select * from api.refresh_session(%L)', a.refresh_token), 'UN001', null,
                 'spent tokens of an ended session are no news') from answer a where a.n = 1;
select is((select count(*) from ops.audit_logs l join before b on l.entity_id = b.id::text and l.user_id = b.user_id
            where l.action = 'session.reuse'), 1::bigint, 'one line in the trail');
select is((select s.ended_at from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000ed02'), null,
          'another user''s session goes on');
select is((select s.ended_at from auth.sessions s where s.refresh_hash = sha256('anna elsewhere')), null,
          'and so does her own elsewhere');

-- The grace ends; a clock that was set back does not lengthen it.
select set_config('plinth.failure', '', true);
select pg_temp.sign_in('tap_refresh_anna', 'anna a');
select isnt_empty($$ select * from api.refresh_session('anna a') $$, 'used');
update auth.spent_refresh_tokens t set spent_at = clock_timestamp() - interval '9 s' where t.token_hash = sha256('anna a');
select isnt_empty($$ select * from api.refresh_session('anna a') $$, '9 s ago: given again');
update auth.spent_refresh_tokens t set spent_at = clock_timestamp() - interval '11 s' where t.token_hash = sha256('anna a');
select is_empty($$ select * from api.refresh_session('anna a') $$, '11 s ago: not');
select is((select count(*) from anna), 0::bigint, 'the session ended');
select pg_temp.sign_in('tap_refresh_anna', 'anna b');
select isnt_empty($$ select * from api.refresh_session('anna b') $$, 'another');
update auth.spent_refresh_tokens t set spent_at = clock_timestamp() + interval '1 h' where t.token_hash = sha256('anna b');
select is_empty($$ select * from api.refresh_session('anna b') $$, 'in an hour, by a clock that went back: not');
select set_config('plinth.failure', '', true);

-- Idle too long; too old as a whole; with a role that asks for more.
select pg_temp.sign_in('tap_refresh_anna', 'anna c');
update auth.sessions s set refresh_expires_at = now() where s.refresh_hash = sha256('anna c');
select throws_ok($$ select * from api.refresh_session('anna c') $$,
  'UN001', 'The refresh token is unknown, expired, spent or ended; sign in again', 'not used for too long');
select pg_temp.sign_in('tap_refresh_anna', 'anna d');
update auth.sessions s set created_at = now() - interval '30 days' + interval '10 min'
 where s.refresh_hash = sha256('anna d');
select is(r.expires_at, now() + interval '10 min', 'no token outlives the session') from api.refresh_session('anna d') r;
select is((select s.refresh_expires_at from anna s where s.last_seen_at = now()), now() + interval '10 min',
          'of either kind');
select pg_temp.sign_in('tap_refresh_anna', 'anna e');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000ed01', 'administrator');
select throws_ok($$ select * from api.refresh_session('anna e') $$, 'UN001', null,
                 'a day old: too old for who is an administrator by now');
update auth.sessions s set created_at = now() - interval '2 h' where s.refresh_hash = sha256('anna e');
select isnt_empty($$ select * from api.refresh_session('anna e') $$, 'two hours are not');
select is((select s.refresh_expires_at from anna s where s.refresh_expires_at <= now() + interval '1 h'
             and s.created_at = now() - interval '2 h'), now() + interval '1 h', 'from now on for an hour without use');

-- What is none.
select throws_ok($$ select * from api.refresh_session('nothing') $$, 'UN001', null, 'an unknown token');
select throws_ok($$ select * from api.refresh_session('ben 0s') $$, 'UN001', null, 'a session token is none');
select throws_ok($$ select * from api.refresh_session('') $$, 'UN001', null, 'an empty one');
select throws_ok($$ select * from api.refresh_session(null) $$, 'UN001', null, 'no token');
select set_config('plinth.secret_keys', '', true);
select throws_ok($$ select * from api.refresh_session('ben 0') $$, 'SV503', null, 'not without keys');
select is((select count(*) from auth.spent_refresh_tokens t where t.token_hash = sha256('ben 0')), 0::bigint,
          'and nothing is spent');

set session authorization plinth_reader;
select throws_ok($$ select api.refresh_session('ben 0') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
