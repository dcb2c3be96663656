-- http.note_use: when sessions and keys were last used.
begin;
select plan(16);

select is(pg_get_function_arguments('http.note_use'::regproc),
  'p_tokens bytea[]', 'arguments');
select is(pg_get_function_result('http.note_use'::regproc),
  'integer', 'result');
select volatility_is('http', 'note_use', array['bytea[]'], 'volatile');
select is_definer('http', 'note_use', array['bytea[]']);
select function_owner_is('http', 'note_use', array['bytea[]'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.note_use'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.note_use'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab180', 'tap_keys80_anna', 'tap_keys80_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000ab181', 'tap_keys80_ben', 'tap_keys80_ben@example.org');
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-0000000ab180', 'developer');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, expires_at, revoked_at, revoke_reason)
select k.user_id::uuid, k.id::uuid, k.name, 'plk_old', sha256((k.name || ' 80')::bytea), k.scopes::text[], now() + k.rest,
       case when k.revoked then now() end, case when k.revoked then 'of this test' end
  from (values ('019e0000-0000-7000-8000-0000000ab180', '019e0000-0000-7000-8000-0000000ab182', 'first',
    null::interval, false, '{self:read,self:write}'),
               ('019e0000-0000-7000-8000-0000000ab180', '019e0000-0000-7000-8000-0000000ab183', 'expired',
                 interval '0', false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab180', '019e0000-0000-7000-8000-0000000ab184', 'revoked', null, true, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab180', '019e0000-0000-7000-8000-0000000ab186', 'star', null, false, '{*}'),
               ('019e0000-0000-7000-8000-0000000ab181', '019e0000-0000-7000-8000-0000000ab185', 'other', null, false,
                 '{*}')) as k (user_id, id, name, rest, revoked, scopes);
insert into auth.sessions
  (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at, last_seen_at, ended_at, end_reason)
select '019e0000-0000-7000-8000-0000000ab180', s.id::uuid, sha256(s.token), sha256(s.token || 'r'),
  now() + interval '1 h', now() + interval '1 h', now() - s.ago,
       case when s.ended then now() end, case when s.ended then 'x' end
  from (values ('019e0000-0000-7000-8000-0000000ab187', bytea 'note 1', interval '2 min', false),
    ('019e0000-0000-7000-8000-0000000ab188', bytea 'note 2', interval '59 s', false),
               ('019e0000-0000-7000-8000-0000000ab189', bytea 'note 3', interval '2 min', true)) as s (id, token, ago, ended);
update auth.api_keys set previous_hash = sha256('other 80 old'), previous_expires_at = now() where name = 'other'
   and user_id = '019e0000-0000-7000-8000-0000000ab181';
delete from base.touched_tags;

set session authorization plinth_web;
select is(http.note_use(array[sha256('note 1'), sha256('note 2'), sha256('note 3'), sha256('first 80'), sha256('other 80 old'),
                              sha256('revoked 80'), sha256('nobody')]), 3, 'a session and two keys');
select is(http.note_use(array[sha256('note 1'), sha256('first 80')]), 0, 'noted a moment ago');
select is(http.note_use('{}'), 0, 'nothing');
select is(http.note_use(null), 0, 'nothing at all');
reset session authorization;
select results_eq(
  $$ select right(s.id::text, 2), s.last_seen_at from auth.sessions s
    where s.user_id = '019e0000-0000-7000-8000-0000000ab180' order by 1 $$,
  $$ values ('87', now()), ('88', now() - interval '59 s'), ('89', now() - interval '2 min') $$,
  'seen now; seen within the minute before; ended');
select results_eq(
  $$ select k.name, k.last_used_at from auth.api_keys k where k.user_id in ('019e0000-0000-7000-8000-0000000ab180',
    '019e0000-0000-7000-8000-0000000ab181') and k.last_used_at is not null
      order by 1 $$,
  $$ values ('first', now()), ('other', now()) $$, 'used now, the second by its former secret');
select is((select max(k.version) from auth.api_keys k where k.user_id = '019e0000-0000-7000-8000-0000000ab180'), 1,
  'use is no change');
select is_empty($$ select from base.touched_tags t where t.xid = pg_current_xact_id() and t.tag ~ 'ab180' $$, 'and voids no copy');
set session authorization plinth_reader;
select throws_ok($$ select http.note_use('{}') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
