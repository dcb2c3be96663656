-- core.issue_one_time_token: a token of one kind, kept as a hash; a newer one makes older ones void.
begin;
select plan(23);

select is(pg_get_function_arguments('core.issue_one_time_token'::regproc),
  'p_user_id uuid, p_kind text, p_lifetime interval, p_payload jsonb DEFAULT ''{}''::jsonb, '
  'p_keep_older boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('core.issue_one_time_token'::regproc), 'text', 'result');
select volatility_is('core', 'issue_one_time_token', array['uuid', 'text', 'interval', 'jsonb', 'boolean'], 'volatile');
select is_definer('core', 'issue_one_time_token', array['uuid', 'text', 'interval', 'jsonb', 'boolean']);
select function_owner_is('core', 'issue_one_time_token', array['uuid', 'text', 'interval', 'jsonb', 'boolean'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.issue_one_time_token'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.issue_one_time_token'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fa01', 'tap_issue_anna', 'tap_issue_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fa02', 'tap_issue_ben', 'tap_issue_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fa01
\set ben 019e0000-0000-7000-8000-00000000fa02

create function pg_temp.open(p_user_id uuid) returns text language sql volatile as $$
  select string_agg(concat(t.kind, t.payload ->> 'n'), ' ' order by t.id) from auth.one_time_tokens t
   where t.user_id = p_user_id and t.used_at is null and t.voided_at is null
$$;

select set_config('tap.token', core.issue_one_time_token(:'anna', 'tap_kind', '30 minutes', '{"n": 1}'), true);
select matches(current_setting('tap.token'), '^plo_fa01[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'the token');
select results_eq(
  $$ select t.kind, t.token_hash, t.payload, t.expires_at - t.created_at, t.used_at, t.voided_at
       from auth.one_time_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000fa01' $$,
  $$ values ('tap_kind', sha256(current_setting('tap.token')::bytea), '{"n": 1}'::jsonb, interval '30 minutes',
             null::timestamptz, null::timestamptz) $$, 'is kept as its hash, with what it is for');
select is_empty(
  $$ select from auth.one_time_tokens t where strpos(t::text, substr(current_setting('tap.token'), 9, 43)) > 0 $$,
  'and nothing there is the token');
select isnt(core.issue_one_time_token(:'ben', 'tap_kind', '1 hour'), null, 'another user''s');
select isnt(core.issue_one_time_token(:'anna', 'tap_other', '1 hour'), null, 'another kind');
select is(pg_temp.open(:'anna'), 'tap_kind1 tap_other', 'neither makes it void');
select isnt(core.issue_one_time_token(:'anna', 'tap_kind', '1 hour', '{"n": 2}'), null, 'a newer one');
select is(pg_temp.open(:'anna'), 'tap_other tap_kind2', 'does');
select is(pg_temp.open(:'ben'), 'tap_kind', 'but not those of others');
select isnt(core.issue_one_time_token(:'anna', 'tap_kind', '1 hour', '{"n": 3}', true), null, 'one more');
select is(pg_temp.open(:'anna'), 'tap_other tap_kind2 tap_kind3', 'may leave older ones alone');

select throws_ok($$ select core.issue_one_time_token(base.new_id(), 'tap_kind', '1 hour') $$, '23503', null, 'for nobody');
select throws_ok($$ select core.issue_one_time_token('019e0000-0000-7000-8000-00000000fa01', 'Kind!', '1 hour') $$,
                 '23514', null, 'of no kind');
select throws_ok($$ select core.issue_one_time_token('019e0000-0000-7000-8000-00000000fa01', 'tap_kind', '0') $$,
                 '23514', null, 'for no time');
select throws_ok($$ select core.issue_one_time_token('019e0000-0000-7000-8000-00000000fa01', 'tap_kind', '1 h', '[]') $$,
                 '23514', null, 'for what is no object');
set session authorization plinth_web;
select throws_ok($$ select core.issue_one_time_token('019e0000-0000-7000-8000-00000000fa01', 'tap_kind', '1 hour') $$,
                 '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
