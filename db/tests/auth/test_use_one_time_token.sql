-- core.use_one_time_token: once, in time, of its kind; every other case is one error.
begin;
select plan(18);

select is(pg_get_function_arguments('core.use_one_time_token'::regproc),
  'p_kind text, p_token text', 'arguments');
select is(pg_get_function_result('core.use_one_time_token'::regproc), 'auth.one_time_tokens', 'result');
select volatility_is('core', 'use_one_time_token', array['text', 'text'], 'volatile');
select is_definer('core', 'use_one_time_token', array['text', 'text']);
select function_owner_is('core', 'use_one_time_token', array['text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.use_one_time_token'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.use_one_time_token'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fa21', 'tap_use_anna', 'tap_use_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fa22', 'tap_use_ben', 'tap_use_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fa21
\set ben 019e0000-0000-7000-8000-00000000fa22

select set_config('tap.good', core.issue_one_time_token(:'anna', 'tap_kind', '1 hour', '{"n": 1}'), true),
       set_config('tap.other', core.issue_one_time_token(:'anna', 'tap_other', '1 hour'), true),
       set_config('tap.bens', core.issue_one_time_token(:'ben', 'tap_kind', '1 hour'), true);

create function pg_temp.refused(p_kind text, p_token text) returns text language plpgsql as $$
begin
  perform core.use_one_time_token(p_kind, p_token);
  return null;
exception when sqlstate 'VL004' then
  return sqlerrm;
end
$$;
\set refusal 'The link is unknown, was used before, or has run out'

select is(pg_temp.refused('tap_other', current_setting('tap.good')), :'refusal', 'of another kind');
select is(pg_temp.refused('tap_kind', current_setting('tap.good') || 'x'), :'refusal', 'unknown');
select is(pg_temp.refused('tap_kind', ''), :'refusal', 'empty');
select is(pg_temp.refused('tap_kind', null), :'refusal', 'none');
select is(pg_temp.refused(null, current_setting('tap.good')), :'refusal', 'of no kind');

select results_eq(
  $$ select u.user_id, u.kind, u.payload, u.used_at is not null
       from core.use_one_time_token('tap_kind', current_setting('tap.good')) u $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000fa21', 'tap_kind', '{"n": 1}'::jsonb, true) $$,
  'whose it is, and what for; refusals before spent nothing');
select is(pg_temp.refused('tap_kind', current_setting('tap.good')), :'refusal', 'used');
select core.void_one_time_tokens(:'anna', 'tap_other');
select is(pg_temp.refused('tap_other', current_setting('tap.other')), :'refusal', 'void');
update auth.one_time_tokens t set created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'
 where t.user_id = :'ben';
select is(pg_temp.refused('tap_kind', current_setting('tap.bens')), :'refusal', 'run out');
update auth.one_time_tokens t set expires_at = now() + interval '1 hour' where t.user_id = :'ben';
select is(pg_temp.refused('tap_kind', current_setting('tap.bens')), null, 'which alone was the reason');
set session authorization plinth_web;
select throws_ok($$ select core.use_one_time_token('tap_kind', '') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
