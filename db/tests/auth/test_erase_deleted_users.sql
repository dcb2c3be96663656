-- core.erase_deleted_users: the job that erases accounts whose time to be restored is over.
begin;
select plan(14);

select is(pg_get_function_arguments('core.erase_deleted_users'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('core.erase_deleted_users'::regproc), 'integer', 'result');
select volatility_is('core', 'erase_deleted_users', array['integer'], 'volatile');
select is_definer('core', 'erase_deleted_users', array['integer']);
select function_owner_is('core', 'erase_deleted_users', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.erase_deleted_users'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.erase_deleted_users'::regproc;

insert into auth.users (username, email, status, deleted_at, erase_after)
select format('tap_due_%s', d.name), format('tap_due_%s@example.org', d.name), d.status,
       now() - d.deleted, now() + d.erase
  from (values ('one', 'deleted', interval '31 days', interval '-1 day'), ('two', 'deleted', '31 days', '-2 days'),
               ('three', 'deleted', '31 days', '-3 days'), ('later', 'deleted', '1 day', '29 days'),
               ('now', 'deleted', '0', '0'), ('not', 'active', null, null)) as d (name, status, deleted, erase);
create temp view waiting as
select array_agg(substr(u.username, 9) order by u.id) as names from auth.users u where u.username ~ '^tap_due_';
grant select on waiting to plinth_web;

select is(core.erase_deleted_users(1), 1, 'at most as many as asked for');
select is(w.names, '{one,two,later,now,not}', 'the one that waits longest') from waiting w;
-- As the worker runs it: the layer's login, by the name of the job.
update ops.job_runs set next_run_at = now() where name = 'core.erase_deleted_users';
set session authorization plinth_web;
select is(http.run_job('core.erase_deleted_users'), 2, 'as a job');
reset session authorization;
select is(w.names, '{later,now,not}', 'not before their time, not what was deleted a moment ago') from waiting w;
select is(coalesce(current_setting('plinth.caller', true), ''), '', 'nobody is left as the caller');
select is((select count(*) from ops.audit_logs l where l.action = 'user.erased' and l.actor_id is null), 3::bigint,
          'each is on record');
select is(core.erase_deleted_users(10), 0, 'nothing more is due');

select * from finish();
rollback;
