-- api.update_current_user: changes the caller's profile; what is not named stays.
begin;
select plan(44);

select is(pg_get_function_arguments('api.update_current_user'::regproc),
  'p_user_id uuid, p_full_name text DEFAULT NULL::text, p_avatar_url text DEFAULT NULL::text, '
  'p_bio text DEFAULT NULL::text, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_version integer DEFAULT NULL::integer, p_username text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.update_current_user'::regproc), 'SETOF core.user_profiles', 'result');
select volatility_is('api', 'update_current_user',
  array['uuid', 'text', 'text', 'text', 'jsonb', 'integer', 'text'], 'volatile');
select is_definer('api', 'update_current_user', array['uuid', 'text', 'text', 'text', 'jsonb', 'integer', 'text']);
select function_owner_is('api', 'update_current_user',
  array['uuid', 'text', 'text', 'text', 'jsonb', 'integer', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_current_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_current_user'::regproc;

insert into auth.users (id, username, email, full_name, avatar_url, bio, metadata) values
  ('019e0000-0000-7000-8000-00000000a901', 'tap_edit_anna', 'tap_edit_anna@example.org', 'Anna',
   'https://example.org/a.png', 'Hello', '{"a": 1}'),
  ('019e0000-0000-7000-8000-00000000a902', 'tap_edit_ben', 'tap_edit_ben@example.org', 'Ben', null, null, '{}');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
values ('019e0000-0000-7000-8000-00000000a901', sha256('tap edit 1'), sha256('tap edit 2'),
        now() + interval '1 h', now());
create temp view profile as
select u.full_name, u.avatar_url, u.bio, u.metadata, u.version from auth.users u where u.username = 'tap_edit_anna';

-- In a request.
set session authorization plinth_web;
select throws_ok($$ select api.update_current_user('019e0000-0000-7000-8000-00000000a901', 'x') $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000a901', 'the request is let in')
  from http.enter('user', null, sha256('tap edit 1'), E'req-1\x1f192.0.2.7\x1fcurl/8') e;
select results_eq(
  $$ select u.full_name, u.avatar_url, u.bio, u.metadata, u.version
       from api.update_current_user('019e0000-0000-7000-8000-00000000a901', p_bio => E'Two\nlines') u $$,
  $$ values ('Anna', 'https://example.org/a.png', E'Two\nlines', '{"a": 1}'::jsonb, 2) $$,
  'the one that is named, and the version');
select throws_ok($$ select api.update_current_user('019e0000-0000-7000-8000-00000000a902', 'x') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user');
reset session authorization;
select results_eq('select p.bio, p.version from profile p', $$ values (E'Two\nlines', 2) $$, 'it is kept');
select isnt_empty(
  $$ select from base.touched_tags t
      where t.xid = pg_current_xact_id() and t.tag = 'profile:019e0000-0000-7000-8000-00000000a901' $$,
  'the cached profile is void');
select results_eq(
  $$ select l.actor_id, l.changed, d.request_id, d.difference
       from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
      where l.action = 'update' and l.user_id = '019e0000-0000-7000-8000-00000000a901' $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000a901', '{bio}'::text[], 'req-1',
             '{"bio": {"before": "Hello", "after": "Two\nlines"}}'::jsonb) $$, 'the change is on record');

-- As an operator, two users in one transaction.
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select results_eq(
  $$ select u.full_name, u.avatar_url, u.bio, u.metadata
       from api.update_current_user('019e0000-0000-7000-8000-00000000a901', '  Anna A. ',
                                    'http://example.org/b.png', p_metadata => '{"b": [2]}') u $$,
  $$ values ('Anna A.', 'http://example.org/b.png', E'Two\nlines', '{"b": [2]}'::jsonb) $$,
  'several at once; the name is trimmed');
select is((select u.full_name from api.update_current_user('019e0000-0000-7000-8000-00000000a902', 'Benjamin') u),
          'Benjamin', 'another user');
select results_eq(
  $$ select u.full_name, u.avatar_url, u.bio, u.metadata
       from api.update_current_user('019e0000-0000-7000-8000-00000000a901', ' ', '', '') u $$,
  $$ values (null::text, null::text, null::text, '{"b": [2]}'::jsonb) $$, 'an empty text clears');
reset session authorization;

-- Every refusal, by field and sentence.
create function pg_temp.edit(p_full_name text default null, p_avatar_url text default null, p_bio text default null,
                             p_metadata jsonb default null, p_version integer default null)
returns void language sql volatile
as $$
  select from api.update_current_user('019e0000-0000-7000-8000-00000000a901', p_full_name, p_avatar_url, p_bio,
                                      p_metadata, p_version)
$$;
select throws_ok($$ select pg_temp.edit(repeat('n', 201)) $$, 'VL001',
  'full_name must have at most 200 characters and no control characters', 'full_name too long');
select throws_ok($$ select pg_temp.edit(E'a\nb') $$, 'VL001', null, 'full_name of two lines');
select lives_ok($$ select pg_temp.edit(repeat('n', 200)) $$, 'full_name as long as may be');
select throws_ok($$ select pg_temp.edit(p_avatar_url => 'javascript:alert(1)') $$, 'VL001',
  'avatar_url must be an http or https address of at most 2,000 characters', 'avatar_url of another kind');
select throws_ok($$ select pg_temp.edit(p_avatar_url => 'https://a b') $$, 'VL001', null, 'avatar_url with a space');
select throws_ok($$ select pg_temp.edit(p_avatar_url => 'https://' || repeat('a', 1993)) $$, 'VL001', null,
                 'avatar_url too long');
select lives_ok($$ select pg_temp.edit(p_avatar_url => 'https://' || repeat('a', 1992)) $$,
                'avatar_url as long as may be');
select throws_ok($$ select pg_temp.edit(p_bio => repeat('b', 2001)) $$, 'VL001',
  'bio must have at most 2,000 characters', 'bio too long');
select lives_ok($$ select pg_temp.edit(p_bio => repeat('b', 2000)) $$, 'bio as long as may be');
select throws_ok($$ select pg_temp.edit(p_metadata => '[1]') $$, 'VL001',
  'metadata must be an object of at most 16 kB', 'metadata that is a list');
select throws_ok($$ select pg_temp.edit(p_metadata => 'null') $$, 'VL001', null, 'metadata that is null');
select throws_ok($$ select pg_temp.edit(p_metadata => jsonb_build_object('a', repeat('b', 16400))) $$, 'VL001', null,
                 'metadata too large');

select p.version as current from profile p \gset
select throws_ok(format('select pg_temp.edit(p_bio => ''late'', p_version => %s)', :current - 1), 'KC002',
  format('The version is %s by now, not %s', :current, :current - 1), 'changed meanwhile');
select lives_ok(format('select pg_temp.edit(p_bio => ''in time'', p_version => %s)', :current),
                'not changed meanwhile');
select results_eq('select p.bio, p.version from profile p', format($$ values ('in time', %s) $$, :current + 1),
                  'it is made');
-- Another name: free, taken, badly formed, reserved, the same in another case.
create function pg_temp.rename(p_username text) returns text language sql volatile
as $$ select u.username from api.update_current_user('019e0000-0000-7000-8000-00000000a901', p_username => p_username) u $$;
select is(pg_temp.rename('tap_edit_Anna2'), 'tap_edit_Anna2', 'another name');
select bag_eq($$ select l.login from auth.logins l where l.user_id = '019e0000-0000-7000-8000-00000000a901' $$,
              array['tap_edit_anna2', 'tap_edit_anna@example.org'], 'it is found by it from now on, and by it only');
select is(pg_temp.rename('TAP_edit_anna2'), 'TAP_edit_anna2', 'the same name, written otherwise');
select throws_ok($$ select pg_temp.rename('Tap_Edit_Ben') $$, 'KC001', 'The username is taken', 'a taken one');
select throws_ok($$ select pg_temp.rename('tap_edit_anna_') $$, 'VL001', null, 'one of the wrong shape');
select throws_ok($$ select pg_temp.rename('') $$, 'VL001', null, 'none at all');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000a901', true);
set session authorization plinth_web;
select throws_ok($$ select api.update_current_user('019e0000-0000-7000-8000-00000000a901', p_username => 'Sup-Port') $$,
                 'VL001', 'username is reserved; choose another', 'a reserved one');
select set_config('plinth.context', concat_ws(E'\x1f', '', '', '', '', gen_random_uuid()), true);
select throws_ok($$ select api.update_current_user('019e0000-0000-7000-8000-00000000a901', p_username => 'tap_edit_anna9') $$,
                 'NP001', 'An API key does not change the username: sign in', 'an API key does not');
select set_config('plinth.context', '', true);
reset session authorization;
select set_config('plinth.caller', '', true);
select is((select u.version from auth.users u where u.id = '019e0000-0000-7000-8000-00000000a901'), :current + 3,
          'each change is one version');

select is_empty($$ select * from api.update_current_user('019e0000-0000-7000-8000-00000000a9ff', 'x') $$,
                'nobody has this id');
select throws_ok($$ select api.update_current_user(null, 'x') $$, 'VL003', 'Name the user to act for', 'no user');

set session authorization plinth_reader;
select throws_ok($$ select api.update_current_user('019e0000-0000-7000-8000-00000000a901', 'x') $$, '42501', null,
                 'a reader may not');
reset session authorization;

select * from finish();
rollback;
