-- core.session_lifetimes: shorter for administrators and with a second factor.
begin;
select plan(14);

select is(pg_get_function_arguments('core.session_lifetimes'::regproc),
  'p_user_id uuid, OUT whole interval, OUT idle interval', 'arguments');
select is(pg_get_function_result('core.session_lifetimes'::regproc), 'record', 'result');
select volatility_is('core', 'session_lifetimes', array['uuid'], 'stable');
select is_definer('core', 'session_lifetimes', array['uuid']);
select function_owner_is('core', 'session_lifetimes', array['uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.session_lifetimes'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.session_lifetimes'::regproc;

insert into auth.users (id, username, email, two_factor_enabled) values
  ('019e0000-0000-7000-8000-00000000eb01', 'tap_life_anna', 'tap_life_anna@example.org', false),
  ('019e0000-0000-7000-8000-00000000eb02', 'tap_life_ben', 'tap_life_ben@example.org', true),
  ('019e0000-0000-7000-8000-00000000eb03', 'tap_life_carl', 'tap_life_carl@example.org', false);
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000eb01', 'developer'), ('019e0000-0000-7000-8000-00000000eb03', 'administrator');

set local role plinth_system;
select results_eq($$ select * from core.session_lifetimes('019e0000-0000-7000-8000-00000000eb01') $$,
                  $$ values (interval '30 days', interval '7 days') $$, 'most accounts');
select results_eq($$ select * from core.session_lifetimes('019e0000-0000-7000-8000-00000000eb02') $$,
                  $$ values (interval '24 hours', interval '60 min') $$, 'with a second factor');
select results_eq($$ select * from core.session_lifetimes('019e0000-0000-7000-8000-00000000eb03') $$,
                  $$ values (interval '24 hours', interval '60 min') $$, 'an administrator');
select results_eq($$ select * from core.session_lifetimes(null) $$,
                  $$ values (interval '30 days', interval '7 days') $$, 'nobody: no error');
reset role;

update base.settings s set value = '3' where s.name in ('session.refresh_days', 'session.strong_hours');
update base.settings s set value = '5' where s.name in ('session.idle_days', 'session.strong_idle_minutes');
set local role plinth_system;
select results_eq($$ select * from core.session_lifetimes('019e0000-0000-7000-8000-00000000eb01') $$,
                  $$ values (interval '3 days', interval '5 days') $$, 'settings: of most');
select results_eq($$ select * from core.session_lifetimes('019e0000-0000-7000-8000-00000000eb03') $$,
                  $$ values (interval '3 hours', interval '5 min') $$, 'settings: of the others');
reset role;

set session authorization plinth_operator;
select throws_ok($$ select core.session_lifetimes(null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
