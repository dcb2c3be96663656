-- core.void_one_time_tokens: open tokens of the named kinds, of one user.
begin;
select plan(10);

select is(pg_get_function_arguments('core.void_one_time_tokens'::regproc),
  'p_user_id uuid, VARIADIC p_kinds text[]', 'arguments');
select is(pg_get_function_result('core.void_one_time_tokens'::regproc), 'void', 'result');
select volatility_is('core', 'void_one_time_tokens', array['uuid', 'text[]'], 'volatile');
select is_definer('core', 'void_one_time_tokens', array['uuid', 'text[]']);
select function_owner_is('core', 'void_one_time_tokens', array['uuid', 'text[]'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.void_one_time_tokens'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.void_one_time_tokens'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fa11', 'tap_void_anna', 'tap_void_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fa12', 'tap_void_ben', 'tap_void_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fa11
\set ben 019e0000-0000-7000-8000-00000000fa12

insert into auth.one_time_tokens (user_id, kind, token_hash, expires_at, used_at)
select t.user_id::uuid, t.kind, sha256(t.n::bytea), now() + interval '1 hour',
       case when t.used then now() end
  from (values (:'anna', 'tap_a', '1', false), (:'anna', 'tap_b', '2', false), (:'anna', 'tap_c', '3', false),
               (:'anna', 'tap_a', '4', true), (:'ben', 'tap_a', '5', false)) t (user_id, kind, n, used);

select core.void_one_time_tokens(:'anna', 'tap_a', 'tap_b');
select results_eq(
  $$ select right(t.user_id::text, 1), t.kind, t.used_at is null, t.voided_at is not null
       from auth.one_time_tokens t where t.user_id::text ~ '00fa1.$' order by 1, 2, 3 $$,
  $$ values ('1', 'tap_a', false, false), ('1', 'tap_a', true, true), ('1', 'tap_b', true, true),
            ('1', 'tap_c', true, false), ('2', 'tap_a', true, false) $$, 'open ones of these kinds and this user');
create temp table before as select t.* from auth.one_time_tokens t;
select core.void_one_time_tokens(:'anna', 'tap_a', 'tap_b'), core.void_one_time_tokens(null, 'tap_c');
select set_eq('select * from auth.one_time_tokens', 'select * from before', 'again, or for nobody: nothing more');
set session authorization plinth_web;
select throws_ok($$ select core.void_one_time_tokens('019e0000-0000-7000-8000-00000000fa11', 'tap_c') $$, '42501', null,
                 'private');
reset session authorization;

select * from finish();
rollback;
