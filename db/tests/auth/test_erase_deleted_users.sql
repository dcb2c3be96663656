-- core.erase_deleted_users: the job that erases accounts whose time to be restored is over.
begin;
select plan(29);

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
create temp table mine as select u.id, substr(u.username, 9) as name from auth.users u where u.username ~ '^tap_due_';
create temp view waiting as
select array_agg(substr(u.username, 9) order by u.id) as names from auth.users u where u.username ~ '^tap_due_';
grant select on waiting to plinth_web;

-- A table that fails for one account, as a fault would.
create table base.tap_fault (user_id uuid primary key references auth.users (id));
alter table base.tap_fault owner to plinth_owner;
create function base.tap_refuse() returns trigger language plpgsql as $$ begin raise 'planted'; end $$;
create trigger refuse before delete on base.tap_fault for each row execute function base.tap_refuse();
insert into base.tap_fault select u.id from auth.users u where u.username = 'tap_due_two';
create temp view begun as
select array_agg(m.name order by e.tried_at, e.user_id) as names
  from auth.erasures e join mine m on m.id = e.user_id;
grant select on begun to plinth_web;

select is(core.erase_deleted_users(1), 1, 'at most as many as asked for');
select is(w.names, '{one,two,later,now,not}', 'the one that waits longest: nobody finds it any more') from waiting w;
select is(b.names, '{three}', 'its rows are still to go') from begun b;
-- As the worker runs it, by the name of the job; what it does when that fails.
create function pg_temp.run() returns integer language plpgsql as $$
begin
  return http.run_job('core.erase_deleted_users');
end
$$;
create function pg_temp.due() returns void language sql as $$
  update ops.job_runs set next_run_at = now() where name = 'core.erase_deleted_users'
$$;
create function pg_temp.failed() returns text language plpgsql as $$
begin
  perform pg_temp.due();
  perform http.run_job('core.erase_deleted_users');
  return 'no failure';
exception when raise_exception then
  perform http.fail_job('core.erase_deleted_users', sqlerrm);
  perform pg_temp.due();
  return sqlerrm;
end
$$;

select pg_temp.due();
set session authorization plinth_web;
select is(http.run_job('core.erase_deleted_users'), 1000, 'as a job: there is more to do, so it comes again at once');
reset session authorization;
select is(w.names, '{later,now,not}', 'not before their time, not what was deleted a moment ago') from waiting w;
select is(b.names, '{two,one}', 'of the first nothing is left; the others are next') from begun b;
select is(coalesce(current_setting('plinth.caller', true), ''), '', 'nobody is left as the caller');
select is_empty($$ select from ops.audit_details d join mine m on m.id = d.user_id join ops.audit_logs l on l.id = d.audit_id
                    where m.name = 'three' and l.action <> 'user.erased' $$, 'its trail says nothing about it');

select is(pg_temp.failed(), 'planted', 'one account fails');
select is(b.names, '{two,one}', 'which undoes its piece') from begun b;
select is(pg_temp.run() > 0, true, 'then it is the turn of the next');
select is(b.names, '{two}', 'of which nothing is left') from begun b;
select is(pg_temp.failed(), 'planted', 'the one that fails is tried again');
update auth.users set erase_after = now() - interval '1 s' where username = 'tap_due_later';
select is(pg_temp.run(), 1, 'and then nobody''s turn: what is due begins');
select is(b.names, '{two,later}', 'behind it') from begun b;
select is(pg_temp.failed(), 'planted', 'it fails again');
select is(pg_temp.run() > 0, true, 'and again holds up nobody');
select is(b.names, '{two}', 'but itself') from begun b;
drop trigger refuse on base.tap_fault;
select pg_temp.due();
select is(pg_temp.run() > 0, true, 'it goes as well');
select is(b.names, null, 'nothing is left') from begun b;
select is((select count(*) from ops.audit_logs l where l.action = 'user.erased' and l.actor_id is null), 4::bigint,
          'each is on record');
select is(core.erase_deleted_users(10), 0, 'nothing more is due');

select * from finish();
rollback;
