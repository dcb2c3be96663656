-- http.leave_once: the way out of a call with an Idempotency-Key: the answer is kept, or given again.
begin;
select plan(24);

select is(pg_get_function_arguments('http.leave_once'::regproc), 'p_once json, p_status integer, p_body text', 'arguments');
select is(pg_get_function_result('http.leave_once'::regproc),
  'TABLE(status integer, body text, xid text, tags text[])', 'result');
select volatility_is('http', 'leave_once', array['json', 'integer', 'text'], 'volatile');
select is_definer('http', 'leave_once', array['json', 'integer', 'text']);
select function_owner_is('http', 'leave_once', array['json', 'integer', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.leave_once'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.leave_once'::regproc;

delete from ops.idempotency_keys;
create function pg_temp.once(p_key text default 'key 0001', p_hours integer default 24) returns json language sql volatile
as $$
  select json_build_object('user_id', '019e0000-0000-7000-8000-00000000df01', 'function', 'api.tap', 'key', p_key,
                           'hours', p_hours, 'arguments', repeat('ab', 32))
$$;
create function pg_temp.said(p_key text) returns text language sql volatile as $$
  select core.decrypt_secret(k.answer_encrypted, 'idempotency:019e0000-0000-7000-8000-00000000df01:api.tap:' || p_key)
    from ops.idempotency_keys k where k.key = p_key
$$;
select base.touch_tag('thing:1');

-- A call that happens.
select results_eq($$ select l.* from http.leave_once(pg_temp.once(), 201, '{"a":  1}') l $$,
                  $$ values (201, '{"a":  1}', pg_current_xact_id()::text, '{thing:1}'::text[]) $$,
                  'a new call: as http.leave has it');
select results_eq(
  $$ select k.user_id, k.function_name, k.key, k.status, k.tags, k.expires_at - k.created_at from ops.idempotency_keys k $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000df01', 'api.tap', 'key 0001', 201, '{thing:1}'::text[], interval '24 h') $$,
  'and is kept, with what it touched');
select is(pg_temp.said('key 0001'), repeat('ab', 32) || '{"a":  1}', 'the answer, and what tells other arguments');
select is((select k.answer_encrypted::text ~ encode('{"a"', 'hex') from ops.idempotency_keys k), false, 'not in clear');
select is((select l.status from http.leave_once(pg_temp.once('key 0002', 72), 204, null) l), 204, 'nothing was promised');
select is(pg_temp.said('key 0002'), repeat('ab', 32), 'that is kept, too');
select is((select k.expires_at - k.created_at from ops.idempotency_keys k where k.key = 'key 0002'), interval '72 h',
          'for as long as it was said');
select throws_ok($$ select http.leave_once(pg_temp.once('key 0003'), 200, null) $$,
                 'NF001', 'There is no such thing, or it is not yours to see', 'one object was promised and there is none');
select throws_ok($$ select http.leave_once(pg_temp.once(), 201, 'x') $$,
                 'KC009', 'The first call with this key is not finished', 'two cannot both have happened');
select set_config('plinth.failure', '{"code": "UN002", "message": "no", "field": null}', true);
select is((select l.status from http.leave_once(pg_temp.once('key 0004'), 201, 'x') l), 401, 'a failure that was kept');
select set_config('plinth.failure', '', true);
select is(array(select k.key from ops.idempotency_keys k order by 1), '{"key 0001","key 0002"}', 'is not remembered');

-- One that has happened.
select results_eq(
  $$ select l.* from http.leave_once('{"status": 201, "body": "{\"a\":  1}", "tags": ["thing:1", "all:x"]}', 200, null) l $$,
  $$ values (201, '{"a":  1}', null::text, '{thing:1,all:x}'::text[]) $$,
  'its status, its body and its tags; no transaction wrote');
select results_eq($$ select l.* from http.leave_once('{"status": 204, "body": null, "tags": []}', 204, null) l $$,
                  $$ values (204, null::text, null::text, '{}'::text[]) $$, 'none of them');

set session authorization plinth_web;
select is((select l.status from http.leave_once(pg_temp.once('key 0005'), 200, '{}') l), 200, 'the layer''s statements call it');
reset session authorization;
set session authorization plinth_operator;
select throws_ok($$ select http.leave_once(null, 200, '{}') $$, '42501', null, 'nobody else writes down an answer');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.leave_once(null, 200, '{}') $$, '42501', null, 'readers do not');
reset session authorization;
select is((select count(*) from ops.idempotency_keys k where k.key = 'key 0005'), 1::bigint, 'with the same effect');

select * from finish();
rollback;
