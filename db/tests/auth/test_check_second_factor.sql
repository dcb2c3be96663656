-- core.check_second_factor: what a code is worth; a right one works once; wrong ones are counted.
begin;
select plan(37);

select is(pg_get_function_arguments('core.check_second_factor'::regproc), 'p_user_id uuid, p_code text', 'arguments');
select is(pg_get_function_result('core.check_second_factor'::regproc), 'text', 'result');
select volatility_is('core', 'check_second_factor', array['uuid', 'text'], 'volatile');
select is_definer('core', 'check_second_factor', array['uuid', 'text']);
select function_owner_is('core', 'check_second_factor', array['uuid', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_second_factor'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_second_factor'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f101', 'tap_second_anna', 'tap_second_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f102', 'tap_second_ben', 'tap_second_ben@example.org'),
  ('019e0000-0000-7000-8000-00000000f103', 'tap_second_carl', 'tap_second_carl@example.org');
-- A second factor as it is set up, with a known seed.
create function pg_temp.enrol(p_user_id uuid, p_confirmed boolean default true) returns void language sql volatile as $$
  insert into auth.totp (user_id, secret_encrypted, confirmed_at)
  values (p_user_id, core.encrypt_secret(core.base32_encode('12345678901234567890'), 'totp:' || p_user_id),
          case when p_confirmed then now() end)
$$;
-- The code of so many steps from now. Tests do not cross into the next step: they wait for its beginning if it is near.
create function pg_temp.code(p_steps integer default 0) returns text language sql volatile as $$
  select core.totp('12345678901234567890', floor(extract(epoch from clock_timestamp()) / 30)::bigint + p_steps)
$$;
select pg_sleep(greatest(0, 5 - 30 + extract(epoch from clock_timestamp())::numeric % 30));
select pg_temp.enrol('019e0000-0000-7000-8000-00000000f101'), pg_temp.enrol('019e0000-0000-7000-8000-00000000f102'),
       pg_temp.enrol('019e0000-0000-7000-8000-00000000f103', false);
insert into auth.recovery_codes (user_id, code_hash) values
  ('019e0000-0000-7000-8000-00000000f101', sha256('ABCDEFGH')), ('019e0000-0000-7000-8000-00000000f102', sha256('STUVWXYZ')),
  ('019e0000-0000-7000-8000-00000000f102', sha256('ABCDEFGH'));
grant execute on function pg_temp.code(integer) to public;
create function pg_temp.check(p_code text, p_user_id uuid default '019e0000-0000-7000-8000-00000000f101') returns text
language sql volatile as $$ select core.check_second_factor(p_user_id, p_code) $$;
create function pg_temp.failure() returns text language sql volatile as $$
  select nullif(current_setting('plinth.failure', true), '')::json ->> 'code'
$$;

select is(pg_temp.check('000000', '019e0000-0000-7000-8000-00000000f109'), 'not_needed', 'nobody');
select is(pg_temp.check('000000', '019e0000-0000-7000-8000-00000000f103'), 'not_needed', 'one that is only begun');
select is(pg_temp.check(null), 'needed', 'no code');
select is(pg_temp.check(' - '), 'needed', 'nothing in it');
select is(pg_temp.check(pg_temp.code(-1)), 'right', 'the code before');
select is(pg_temp.check(pg_temp.code(-1)), 'wrong', 'once only');
select is(pg_temp.check(substr(pg_temp.code(), 1, 3) || ' ' || substr(pg_temp.code(), 4)), 'right', 'the one of now, with a blank');
select is(pg_temp.check(pg_temp.code(-1)), 'wrong', 'none before it any more');
select is(pg_temp.check(pg_temp.code(1)), 'right', 'the next');
select is(pg_temp.check(pg_temp.code()), 'wrong', 'an older one, after that');
select is(t.last_step, floor(extract(epoch from clock_timestamp()) / 30)::bigint + 1, 'the last one is remembered')
  from auth.totp t where t.user_id = '019e0000-0000-7000-8000-00000000f101';
select is(pg_temp.check(pg_temp.code(), '019e0000-0000-7000-8000-00000000f102'), 'right', 'another user''s is apart');

select is(pg_temp.check('abcd-EFGH'), 'right', 'a recovery code, as people write it');
select is(pg_temp.check('ABCDEFGH'), 'wrong', 'once only');
select is(pg_temp.check('STUVWXYZ'), 'wrong', 'another user''s');
select is(pg_temp.check('ABCDEFG'), 'wrong', 'a part of one');
select is(pg_temp.check('ünicode'), 'wrong', 'junk');
select is((select count(*) from auth.recovery_codes r where r.used_at is not null and r.user_id::text like '%f10_'), 1::bigint,
          'one was used up');
select results_eq(
  $$ select l.action, count(*) from ops.audit_logs l where l.user_id = '019e0000-0000-7000-8000-00000000f101'
        and l.entity_type = 'auth.users' and l.action ~ '^(second_factor|recovery_code)[.]' group by 1 order by 1 $$,
  $$ values ('recovery_code.used', 1::bigint), ('second_factor.refused', 7) $$, 'on record');
select is(pg_temp.failure(), null, 'in psql nothing is counted');

-- In requests wrong codes are counted: after five, not even a right one helps for a quarter of an hour.
select set_config('plinth.context', concat_ws(E'\x1f', '', 'req-1', '192.0.2.7', 'curl/8'), true);
update auth.totp t set last_step = 0 where t.user_id = '019e0000-0000-7000-8000-00000000f102';
select results_eq(
  $$ select pg_temp.check('00000' || n, '019e0000-0000-7000-8000-00000000f102') from generate_series(1, 5) n $$,
  array['wrong', 'wrong', 'wrong', 'wrong', 'wrong'], 'five wrong ones');
select is(pg_temp.failure(), null, 'are told as such');
select is(pg_temp.check(pg_temp.code(), '019e0000-0000-7000-8000-00000000f102'), 'wait', 'then a right one is not looked at');
select is(pg_temp.failure(), 'RL002', 'but refused');
select ok((current_setting('plinth.failure')::json ->> 'retry_after')::integer between 890 and 900, 'for 15 minutes');
select is((select t.last_step from auth.totp t where t.user_id = '019e0000-0000-7000-8000-00000000f102'), 0::bigint,
          'and not used up');
select is(pg_temp.check('STUVWXYZ', '019e0000-0000-7000-8000-00000000f102'), 'right', 'a recovery code still is');
select is(pg_temp.check(pg_temp.code(), '019e0000-0000-7000-8000-00000000f101'), 'wrong', 'others are not held up');

-- What is encrypted belongs to its row.
update auth.totp t set secret_encrypted = (select o.secret_encrypted from auth.totp o
                                            where o.user_id = '019e0000-0000-7000-8000-00000000f102')
 where t.user_id = '019e0000-0000-7000-8000-00000000f101';
select throws_ok($$ select pg_temp.check('123456') $$, 'SV510', null, 'a seed of another row is none');
select set_config('plinth.secret_keys', '', true);

set session authorization plinth_operator;
select throws_ok($$ select core.check_second_factor('019e0000-0000-7000-8000-00000000f101', '1') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
