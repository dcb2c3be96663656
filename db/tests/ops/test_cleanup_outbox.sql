-- core.cleanup_outbox: what was sent or given up long ago, so many at a time.
begin;
select plan(14);

select is(pg_get_function_arguments('core.cleanup_outbox'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_outbox'::regproc), 'integer', 'result');
select volatility_is('core', 'cleanup_outbox', array['integer'], 'volatile');
select is_definer('core', 'cleanup_outbox', array['integer']);
select function_owner_is('core', 'cleanup_outbox', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.cleanup_outbox'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_outbox'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fb41', 'tap_cleanup_anna', 'tap_cleanup_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fb42', 'tap_cleanup_ben', 'tap_cleanup_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000000fb41
\set ben 019e0000-0000-7000-8000-00000000fb42
delete from ops.outbox;
insert into ops.mail_kinds (kind, description) values ('tap_note', 'test');
insert into ops.outbox (user_id, kind, language, address, created_at, sent_at, given_up_at, dedup)
select :'anna', 'tap_note', 'en', 'a@example.org', now() - make_interval(days => m.days),
       case m.state when 'sent' then now() end, case m.state when 'given up' then now() end, m.state || m.days
  from (values (31, 'sent'), (32, 'given up'), (400, 'waits'), (29, 'sent'), (33, 'sent')) m (days, state);

create function pg_temp.left_over() returns text[] language sql volatile as $$
  select array(select o.dedup from ops.outbox o order by 1)
$$;
select is(core.cleanup_outbox(2), 2, 'so many');
select is(pg_temp.left_over(), '{sent29,sent31,waits400}', 'the oldest first, never what waits');
select is(core.cleanup_outbox(2), 1, 'the rest');
select is(pg_temp.left_over(), '{sent29,waits400}', 'what is not old stays');
select is(core.cleanup_outbox(2), 0, 'nothing more');
select is(j.every, interval '1 hour', 'a job') from http.jobs j where j.name = 'core.cleanup_outbox';
set session authorization plinth_web;
select throws_ok($$ select core.cleanup_outbox(1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
