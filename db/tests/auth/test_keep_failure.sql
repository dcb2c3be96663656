-- core.keep_failure: a failure that undoes nothing; http.leave makes the answer of it.
begin;
select plan(13);

select is(pg_get_function_arguments('core.keep_failure'::regproc),
  'p_code text, p_message text, p_field text DEFAULT NULL::text, p_retry_after integer DEFAULT NULL::integer',
  'arguments');
select is(pg_get_function_result('core.keep_failure'::regproc), 'void', 'result');
select volatility_is('core', 'keep_failure', array['text', 'text', 'text', 'integer'], 'volatile');
select isnt_definer('core', 'keep_failure', array['text', 'text', 'text', 'integer']);
select function_owner_is('core', 'keep_failure', array['text', 'text', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.keep_failure'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.keep_failure'::regproc;

create temp table attempt (n integer);
do $$ begin
  insert into attempt values (1);
  perform core.keep_failure('UN002', 'The login and the "password" do not belong together');
end $$;
select is((select count(*) from attempt), 1::bigint, 'what was written stays');
select is(current_setting('plinth.failure')::jsonb,
          '{"code": "UN002", "message": "The login and the \"password\" do not belong together", "field": null}'::jsonb,
          'what failed is on record');
select is((select l.status from http.leave(201, null) l), 401, 'and is the answer');

select core.keep_failure('VL001', 'too short', 'name');
select is(current_setting('plinth.failure')::jsonb, '{"code": "VL001", "message": "too short", "field": "name"}'::jsonb,
          'the last one counts, with its field');
select core.keep_failure('RL002', 'wait', p_retry_after => 30);
select is(current_setting('plinth.failure')::jsonb,
          '{"code": "RL002", "message": "wait", "field": null, "retry_after": 30}'::jsonb, 'with how long to wait');

set session authorization plinth_web;
select throws_ok($$ select core.keep_failure('VL001', 'x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
