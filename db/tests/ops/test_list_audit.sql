-- api.list_audit: the audit trail, by who did it, whose data it was, what it was, and when.
begin;
select plan(31);

select is(pg_get_function_arguments('api.list_audit'::regproc),
  'p_actor_id uuid DEFAULT NULL::uuid, p_user uuid DEFAULT NULL::uuid, p_entity_type text DEFAULT '
  'NULL::text, p_entity_id text DEFAULT NULL::text, p_action text DEFAULT NULL::text, p_request_id '
  'text DEFAULT NULL::text, p_from timestamp with time zone DEFAULT NULL::timestamp with time zone,'
  ' p_to timestamp with time zone DEFAULT NULL::timestamp with time zone, p_after text DEFAULT '
  'NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_audit'::regproc),
  'TABLE(id uuid, occurred_at timestamp with time zone, actor_id uuid, acting_role text, user_id '
  'uuid, action text, entity_type text, entity_id text, changed text[], request_id text, address '
  'inet, user_agent text, difference jsonb, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_audit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_audit'::regproc;

-- Only a superuser gets past the triggers; this is one, for a trail of its own.
set local session_replication_role = replica;
delete from ops.audit_unsealed;
delete from ops.audit_seals;
delete from ops.audit_details;
delete from ops.audit_logs;
reset session_replication_role;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000cb01', 'tap_list_audit_anna', 'tap_list_audit_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000cb02', 'tap_list_audit_ben', 'tap_list_audit_ben@example.org');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000cb01', 'administrator'), ('019e0000-0000-7000-8000-00000000cb02', 'user');
\set anna 019e0000-0000-7000-8000-00000000cb01
\set ben 019e0000-0000-7000-8000-00000000cb02

select set_config('plinth.caller', :'ben', true),
       set_config('plinth.context', concat_ws(E'\x1f', '', 'req-tap', '192.0.2.9', 'curl'), true);
select ops.write_audit('paint', 'tap.thing', '1', :'ben', '{"note": {"after": "x"}}');
select ops.write_audit('paint', 'tap.thing', '2', :'anna');
select set_config('plinth.caller', :'anna', true), set_config('plinth.context', '', true);
select ops.write_audit('wash', 'tap.thing', '1', :'ben');
select ops.write_audit('paint', 'tap.other', '1');
select set_config('plinth.caller', '', true);

create function pg_temp.shown(variadic p_filter text[] default '{}') returns text[] language plpgsql as $$
declare
  v_shown text[];
begin
  execute format($f$ select array_agg(concat_ws(' ', s.action, s.entity_type, s.entity_id) order by s.n)
                       from (select l.*, row_number() over () as n from api.list_audit(%s) l) s
                      where s.entity_type like 'tap.%%' $f$, array_to_string(p_filter, ', ')) into v_shown;
  return v_shown;
end $$;

set session authorization plinth_operator;
select is(pg_temp.shown(), '{paint tap.other 1,wash tap.thing 1,paint tap.thing 2,paint tap.thing 1}', 'newest first');
select is(pg_temp.shown($$p_actor_id => '019e0000-0000-7000-8000-00000000cb02'$$), '{paint tap.thing 2,paint tap.thing 1}',
          'what ben did');
select is(pg_temp.shown($$p_user => '019e0000-0000-7000-8000-00000000cb02'$$), '{wash tap.thing 1,paint tap.thing 1}',
          'what happened to ben');
select is(pg_temp.shown($$p_entity_type => 'tap.thing'$$, $$p_entity_id => '1'$$), '{wash tap.thing 1,paint tap.thing 1}',
          'the history of one thing');
select is(pg_temp.shown($$p_action => 'wash'$$), '{wash tap.thing 1}', 'one action');
select is(pg_temp.shown($$p_request_id => 'req-tap'$$), '{paint tap.thing 2,paint tap.thing 1}', 'one request');
select is(pg_temp.shown($$p_from => now() + interval '1 hour'$$), null, 'nothing after now');
select is(cardinality(pg_temp.shown($$p_from => now() - interval '1 hour'$$, $$p_to => now() + interval '1 hour'$$)), 4,
          'a stretch of time');
select is(pg_temp.shown($$p_to => now() - interval '1 hour'$$), null, 'nothing before it');
select is(pg_temp.shown($$p_limit => 2$$), '{paint tap.other 1,wash tap.thing 1}', 'a page');
select is(pg_temp.shown(format('p_after => %L', (select l.cursor from api.list_audit(p_limit => 2) l offset 1))),
          '{paint tap.thing 2,paint tap.thing 1}', 'the next one');
select results_eq(
  $$ select l.address, l.user_agent, l.difference
       from api.list_audit(p_request_id => 'req-tap', p_user => '019e0000-0000-7000-8000-00000000cb02') l $$,
  $$ values (inet '192.0.2.9', 'curl', '{"note": {"after": "x"}}'::jsonb) $$, 'with where from and what');
select is((select count(*) from api.list_audit(p_from => '1900-01-01', p_to => 'infinity')),
          (select count(*) from api.list_audit()),
          'of all time');
select is((select count(*) from api.list_audit(p_from => 'infinity')), 0::bigint, 'nothing is from the end of time');
select throws_ok($$ select api.list_audit(p_after => 'x') $$, 'VL001', 'after must be the "next" of an earlier answer',
                 'a place that is none');
reset session authorization;

-- In requests.
select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select is(cardinality(pg_temp.shown()), 4, 'an administrator sees it all');
reset session authorization;
select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok('select api.list_audit()', 'NP001', 'This needs the permission audit:read', 'a user sees none of it');
reset session authorization;
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok('select api.list_audit()', 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select api.list_audit()', '42501', null, 'a reader may not');
reset session authorization;

-- The moment counts, not that of the id.
select set_config('plinth.caller', '', true), clock_timestamp() + interval '500 ms' as later \gset
insert into ops.audit_logs (occurred_at, action, entity_type) values (:'later', 'dry', 'tap.late');
select is(pg_temp.shown($$p_entity_type => 'tap.late'$$, format('p_from => %L', :'later')), '{dry tap.late}',
          'from that moment on');
select is(pg_temp.shown($$p_entity_type => 'tap.late'$$, format('p_from => %L', :'later'::timestamptz + interval '1 us')), null,
          'not after it');
select is(pg_temp.shown($$p_entity_type => 'tap.late'$$, format('p_to => %L', :'later')), null, 'nor up to it');
select is(pg_temp.shown($$p_entity_type => 'tap.late'$$, format('p_to => %L', :'later'::timestamptz + interval '1 us')),
          '{dry tap.late}', 'but a moment longer');

-- By index, whatever is asked: a filter prunes partitions, or an index of each leads to the newest.
create function pg_temp.plan(p_filter text) returns text language plpgsql as $$
declare
  v_line text;
  v_plan text := '';
begin
  for v_line in execute 'explain select * from ops.audit_logs l where ' || p_filter || ' order by l.id desc limit 50' loop
    v_plan := v_plan || v_line || E'\n';
  end loop;
  return v_plan;
end $$;
set local enable_seqscan = off;
set local enable_bitmapscan = off;
select unalike(pg_temp.plan($$l.user_id = '019e0000-0000-7000-8000-00000000cb02'$$), '%Seq Scan%', 'by user');
select unalike(pg_temp.plan($$l.actor_id = '019e0000-0000-7000-8000-00000000cb02'$$), '%Seq Scan%', 'by actor');
select unalike(pg_temp.plan($$l.entity_type = 'tap.thing' and l.entity_id = '1'$$), '%Seq Scan%', 'by thing');
select is(regexp_count(pg_temp.plan(format('l.id >= %L and l.id < %L', base.first_id(now()),
                                           base.first_id(now() + interval '1 s'))), 'Scan'), 1, 'by time: one partition');

select * from finish();
rollback;
