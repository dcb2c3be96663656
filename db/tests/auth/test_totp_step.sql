-- core.totp_step: the step a code is of, about now and not before.
begin;
select plan(21);

select is(pg_get_function_arguments('core.totp_step'::regproc),
  'p_secret bytea, p_code text, p_after bigint', 'arguments');
select is(pg_get_function_result('core.totp_step'::regproc), 'bigint', 'result');
select volatility_is('core', 'totp_step', array['bytea', 'text', 'bigint'], 'volatile');
select isnt_definer('core', 'totp_step', array['bytea', 'text', 'bigint']);
select function_owner_is('core', 'totp_step', array['bytea', 'text', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.totp_step'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.totp_step'::regproc;

-- The code of so many steps from now, and how the step it is found at differs from that; read again if the step ended
-- meanwhile.
create function pg_temp.found(p_steps integer, p_after integer default -9) returns bigint language plpgsql volatile as $$
declare
  v_now   bigint;
  v_found bigint;
begin
  loop
    v_now := floor(extract(epoch from clock_timestamp()) / 30);
    v_found := core.totp_step('12345678901234567890', core.totp('12345678901234567890', v_now + p_steps), v_now + p_after);
    if v_now = floor(extract(epoch from clock_timestamp()) / 30) then
      return v_found - v_now;
    end if;
  end loop;
end
$$;

select is(pg_temp.found(0), 0::bigint, 'now');
select is(pg_temp.found(-1), -1::bigint, 'a little late');
select is(pg_temp.found(1), 1::bigint, 'a little early');
select is(pg_temp.found(-2), null, 'too late');
select is(pg_temp.found(2), null, 'too early');
select is(pg_temp.found(0, 0), null, 'a code that was accepted is none');
select is(pg_temp.found(-1, 0), null, 'nor is one before it');
select is(pg_temp.found(1, 0), 1::bigint, 'the next one is');
update base.settings s set value = '0' where s.name = 'totp.window';
select is(pg_temp.found(0), 0::bigint, 'strict: now');
select is(pg_temp.found(-1), null, 'strict: not late');
select is(pg_temp.found(1), null, 'strict: not early');
select is(core.totp_step('12345678901234567890', null, 0), null, 'no code');
select is(core.totp_step(null, '755224', 0), null, 'no secret');

set session authorization plinth_web;
select throws_ok($$ select core.totp_step('x', '755224', 0) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
