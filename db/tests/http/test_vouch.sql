-- http.vouch: the primary's signed word for a replica. Its word is believed in test_assume.sql.
begin;
select plan(31);

select is(pg_get_function_arguments('http.vouch'::regproc), pg_get_function_arguments('http.enter'::regproc),
          'arguments: those of http.enter');
select is(pg_get_function_result('http.vouch'::regproc), 'text', 'result');
select volatility_is('http', 'vouch', array['text', 'text', 'bytea', 'text', 'text'], 'volatile');
select is_definer('http', 'vouch', array['text', 'text', 'bytea', 'text', 'text']);
select function_owner_is('http', 'vouch', array['text', 'text', 'bytea', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.vouch'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.vouch'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000d201', 'tap_vouch_anna', 'tap_vouch_anna@example.org');
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at)
select '019e0000-0000-7000-8000-00000000d201', ('019e0000-0000-7000-8000-00000000' || s.id)::uuid, sha256(s.id::bytea),
       sha256(s.id::bytea || 'r'), now() + s.rest, now() + interval '1 day'
  from (values ('d211', interval '1 h'), ('d212', interval '3 s'), ('d213', interval '1 s'), ('d214', interval '0')) s (id, rest);
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes) values
  ('019e0000-0000-7000-8000-00000000d201', '019e0000-0000-7000-8000-00000000d221', 'one', 'plk_', sha256('d221'), '{self:read}');
delete from http.beats;

create function pg_temp.part(p_vouch text, p_number integer) returns text language sql immutable as $$
  select split_part(p_vouch, '|', p_number)
$$;

create temp table vouch (v text, after pg_lsn, at numeric);
grant select, insert, delete on vouch to plinth_web;

set session authorization plinth_web;
select set_config('plinth.secret_keys', '01234567:' || repeat('ab', 32) || ',89abcdef:' || repeat('cd', 32), false);
select set_config('plinth.replica_max_lag', '5', false);
select is(http.vouch('user', null, sha256('d211'), ''), null, 'no beat, no word');
select isnt(http.beat(), null, 'a beat');

insert into vouch
select http.vouch('user', null, sha256('d211'), 'req-1', 'self:read') as v, pg_current_wal_insert_lsn() as after,
       extract(epoch from clock_timestamp()) as at;
select is(pg_temp.part(v, 1), 'v1', 'the form') from vouch;
select is(pg_temp.part(v, 2), '01234567', 'the key in force') from vouch;
select is(pg_temp.part(v, 3), '019e0000-0000-7000-8000-00000000d201', 'the user') from vouch;
select is(pg_temp.part(v, 4), '019e0000-0000-7000-8000-00000000d211', 'the session') from vouch;
select is(pg_temp.part(v, 5), '', 'no API key') from vouch;
select is((string_to_array(v, '|'))[6:9], array['user', '', 'self:read', encode(sha256('d211'), 'hex')],
          'what was asked, with which token') from vouch;
select is(pg_temp.part(v, 10)::uuid, http.beat(), 'the last beat') from vouch;
select cmp_ok(pg_temp.part(v, 11)::pg_lsn, '<=', after, 'where the log was') from vouch;
select cmp_ok(pg_temp.part(v, 12)::numeric, '<=', at + 5, 'five seconds') from vouch;
select cmp_ok(pg_temp.part(v, 12)::numeric, '>', at + 4, 'and not less') from vouch;
reset session authorization;
select is(pg_temp.part(v, 13), encode(ext.hmac(convert_to(left(v, -65), 'UTF8'),
            ext.hmac('plinth authenticate 1 vouch', decode(repeat('ab', 32), 'hex'), 'sha256'), 'sha256'), 'hex'),
          'signed with a key for this purpose only') from vouch;
set session authorization plinth_web;
insert into vouch (after) select pg_current_wal_insert_lsn();
reset session authorization;
update auth.users set bio = 'written' where id = '019e0000-0000-7000-8000-00000000d201';
set session authorization plinth_web;
select cmp_ok(pg_temp.part(http.vouch('user', null, sha256('d211'), ''), 11)::pg_lsn, '>', max(after),
              'after a write the log is further') from vouch;
delete from vouch where v is null;

select is((string_to_array(http.vouch('user', null, sha256('d221'), 'a', 'self:read'), '|'))[3:5],
  '{019e0000-0000-7000-8000-00000000d201,"",019e0000-0000-7000-8000-00000000d221}', 'an API key is no session');
select cmp_ok(pg_temp.part(http.vouch('user', null, sha256('d212'), ''), 12)::numeric, '<',
              extract(epoch from now()) + 3, 'never longer than the session');
select is(http.vouch('user', null, sha256('d213'), ''), null, 'of which hardly anything is left');
select throws_ok($$ select http.vouch('user', null, sha256('d214'), '') $$,
  'UN001', 'The token is unknown, expired or ended; sign in again', 'over');
select throws_ok($$ select http.vouch('user', 'users:read', sha256('d211'), '') $$,
  'NP001', 'This needs the permission users:read', 'http.enter decides');
select throws_ok($$ select http.vouch('user', null, sha256('d221'), '', 'self:write') $$,
  'NP001', 'The API key lacks the scope self:write', 'also about scopes');
select is(http.vouch('none', null, null, ''), null, 'for nobody there is no word');

select set_config('plinth.replica_max_lag', '', false);
select is(http.vouch('user', null, sha256('d211'), ''), null, 'a layer without replicas needs none');
select set_config('plinth.replica_max_lag', '5', false), set_config('plinth.secret_keys', '', false);
select throws_ok($$ select http.vouch('user', null, sha256('d211'), '') $$, 'SV503', null, 'without keys nothing is signed');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.vouch('none', null, null, '') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
