-- core.cleanup_skill_stats: removes users statistics of skills that are not kept any more.
begin;
select plan(7);

select is(pg_get_function_arguments('core.cleanup_skill_stats'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_skill_stats'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.cleanup_skill_stats'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_skill_stats'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051c01'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051c01', 'tap_skills1c_anna', 'tap_skills1c_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051c02', 'tap_skills1c_ben', 'tap_skills1c_ben@example.org');
insert into chat.user_skill_stats (user_id, day, skill_name, skill_version, status, from_us, runs, duration_us,
  slowest_us, last_finished_at)
select pg_temp.anna(), (now() at time zone 'UTC')::date - d, 'TapOld', '1.0.0', 'succeeded', 0, 1, 1, 1, now()
  from unnest('{400,401,402,403}'::integer[]) d;
select is(core.cleanup_skill_stats(2), 2, 'at most so many');
select is(core.cleanup_skill_stats(100), 1, 'the rest');
select is((select array_agg((now() at time zone 'UTC')::date - s.day) from chat.user_skill_stats s
  where s.user_id = pg_temp.anna()), '{400}',
  'what is kept stays');

select * from finish();
rollback;
