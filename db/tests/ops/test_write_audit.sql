-- ops.write_audit: adds one row to the trail and one to its erasable part, bound together by a salted digest.
begin;
select plan(22);

select is(pg_get_function_arguments('ops.write_audit'::regproc),
  'p_action text, p_entity_type text, p_entity_id text, p_user_id uuid DEFAULT NULL::uuid, '
  'p_difference jsonb DEFAULT ''{}''::jsonb', 'arguments');
select is(pg_get_function_result('ops.write_audit'::regproc), 'void', 'result');
select volatility_is('ops', 'write_audit', array['text', 'text', 'text', 'uuid', 'jsonb'], 'volatile');
select is_definer('ops', 'write_audit', array['text', 'text', 'text', 'uuid', 'jsonb']);
select function_owner_is('ops', 'write_audit', array['text', 'text', 'text', 'uuid', 'jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'ops.write_audit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'ops.write_audit'::regproc;

\set anna 019e0000-0000-7000-8000-00000000c001

create temp view written as
select l.*, d.user_id as detail_user, d.salt, d.address, d.user_agent, d.request_id, d.difference
  from ops.audit_logs l
  left join ops.audit_details d on d.audit_id = l.id
 where l.entity_type = 'tap.thing';

-- Inside a request.
select set_config('plinth.caller', :'anna', true);
select set_config('plinth.context', concat_ws(E'\x1f', '', 'req-1', '2001:db8::7', 'curl/8'), true);
select ops.write_audit('paint', 'tap.thing', '1', :'anna',
                       '{"note": {"before": "a", "after": "b"}, "colour": {"after": "red"}}');
select results_eq(
  $$ select w.actor_id, w.user_id, w.action, w.entity_id, w.changed from written w $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000c001', uuid '019e0000-0000-7000-8000-00000000c001',
             'paint', '1', '{colour,note}'::text[]) $$, 'who did what to what, and for whom');
select is(w.acting_role, session_user::text, 'by which login') from written w;
select ok(w.occurred_at between now() and clock_timestamp(), 'and when') from written w;
select results_eq(
  $$ select w.detail_user, w.address, w.user_agent, w.request_id, w.difference from written w $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000c001', inet '2001:db8::7', 'curl/8', 'req-1',
             '{"note": {"before": "a", "after": "b"}, "colour": {"after": "red"}}'::jsonb) $$,
  'what may be personal is in the erasable part');
select is(w.detail_digest,
          sha256(w.salt || convert_to(jsonb_build_array(
            w.id, w.detail_user, w.address, w.user_agent, w.request_id, w.difference)::text, 'UTF8')),
          'the digest shows that the detail is the one written')
  from written w;
select ok(w.to_text not like '%2001:db8%' and w.to_text not like '%curl%' and w.to_text not like '%red%'
          and w.to_text not like '%req-1%',
          'the lasting part holds no value, no address, no agent and no name of a request')
  from (select l::text as to_text from ops.audit_logs l where l.entity_type = 'tap.thing') w;

-- Outside a request.
select set_config('plinth.caller', '', true);
select set_config('plinth.context', '', true);
select ops.write_audit('wipe', 'tap.thing', '2');
select results_eq(
  $$ select w.actor_id, w.user_id, w.changed, w.request_id, w.address, w.user_agent, w.difference
       from written w where w.entity_id = '2' $$,
  $$ values (null::uuid, null::uuid, '{}'::text[], null::text, null::inet, null::text, '{}'::jsonb) $$,
  'nobody signed in, no request, nothing named: one row nevertheless');
select is((select count(distinct w.salt) from written w), 2::bigint, 'each detail has a salt of its own');

select throws_ok($$ select ops.write_audit(null, 'tap.thing', '3') $$, '23502', null, 'no action');
select throws_ok($$ select ops.write_audit('wipe', null, '3') $$, '23502', null, 'no kind');
select throws_ok($$ select ops.write_audit('wipe', 'tap.thing', '3', null, null) $$, '23502', null, 'no difference');

set session authorization plinth_operator;
select lives_ok($$ select ops.write_audit('look', 'tap.thing', '4') $$, 'an operator writes to the trail');
reset session authorization;
select is((select w.acting_role from written w where w.entity_id = '4'), 'plinth_operator',
          'under the operator''s login');
set role plinth_system;
select lives_ok($$ select ops.write_audit('look', 'tap.thing', '5') $$, 'functions that cross users write to it');
reset role;
set session authorization plinth_web;
select throws_ok($$ select ops.write_audit('look', 'tap.thing', '6') $$, '42501', null, 'the layer''s login does not');
reset session authorization;

select * from finish();
rollback;
