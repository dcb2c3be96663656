-- core.cleanup_idempotency_keys: keys that have run out, so many at a time.
begin;
select plan(14);

select is(pg_get_function_arguments('core.cleanup_idempotency_keys'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_idempotency_keys'::regproc), 'integer', 'result');
select volatility_is('core', 'cleanup_idempotency_keys', array['integer'], 'volatile');
select is_definer('core', 'cleanup_idempotency_keys', array['integer']);
select function_owner_is('core', 'cleanup_idempotency_keys', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.cleanup_idempotency_keys'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_idempotency_keys'::regproc;

delete from ops.idempotency_keys;
insert into ops.idempotency_keys (user_id, function_name, key, status, answer_encrypted, tags, created_at, expires_at)
select u.id, 'api.tap', 'tap key ' || k.hours, 201, bytea '', '{}'::text[], now() - interval '30 h',
       now() + make_interval(hours => k.hours)
  from (values (-3), (-1), (0), (1), (48)) k (hours), base.new_id() as u (id)
union all
select u.id, 'api.' || k.name, 'tap key 2', 201, '', '{}', now() - interval '30 h', now() + make_interval(hours => k.hours)
  from (values ('tap', -2), ('pat', 2)) k (name, hours), base.new_id() as u (id);
create function pg_temp.left_over() returns text[] language sql volatile as $$
  select array(select k.key from ops.idempotency_keys k order by k.expires_at)
$$;
select is(core.cleanup_idempotency_keys(2), 2, 'so many');
select is(pg_temp.left_over(), '{tap key -1,tap key 0,tap key 1,tap key 2,tap key 48}', 'the oldest first');
select is(core.cleanup_idempotency_keys(3), 2, 'the rest');
select is(pg_temp.left_over(), '{tap key 1,tap key 2,tap key 48}',
          'what still holds stays, be it the same user''s, or the same key for another function');
select is(core.cleanup_idempotency_keys(2), 0, 'nothing more');
select is(j.every, interval '10 minutes', 'a job') from http.jobs j where j.name = 'core.cleanup_idempotency_keys';
set session authorization plinth_web;
select throws_ok('select core.cleanup_idempotency_keys(1)', '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
