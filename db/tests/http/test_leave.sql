-- http.leave: the way out: status, body, a failure that was kept, and the tags this transaction touched.
begin;
select plan(22);

select is(pg_get_function_arguments('http.leave'::regproc), 'p_status integer, p_body text', 'arguments');
select is(pg_get_function_result('http.leave'::regproc),
  'TABLE(status integer, body text, xid text, tags text[])', 'result');
select volatility_is('http', 'leave', array['integer', 'text'], 'volatile');
select is_definer('http', 'leave', array['integer', 'text']);
select function_owner_is('http', 'leave', array['integer', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.leave'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.leave'::regproc;

select results_eq($$ select l.status, l.body, l.tags from http.leave(201, '{"a":  1}') l $$,
                  $$ values (201, '{"a":  1}', '{}'::text[]) $$, 'the answer, byte for byte');
select is((select l.xid from http.leave(200, '{}') l), pg_current_xact_id()::text, 'and the transaction that wrote');
select throws_ok('select http.leave(200, null)', 'NF001', 'There is no such thing, or it is not yours to see',
                 'one object was promised and there is none');
select results_eq('select l.status, l.body from http.leave(204, null) l', $$ values (204, null::text) $$,
                  'nothing was promised');

insert into base.touched_tags (xid, tag) values ('3', 'thing:of another');
select base.touch_tag('thing:1'), base.touch_tag('thing:2');
select is(array(select t from http.leave(204, null) l, unnest(l.tags) t order by 1), '{thing:1,thing:2}',
          'the tags of this transaction, not of others');

select set_config('plinth.failure', '{"code": "UN002", "message": "no", "field": null}', true);
select results_eq($$ select l.status, l.body from http.leave(201, null) l $$,
                  $$ values (401, '{"code": "UN002", "message": "no", "field": null}') $$, 'a failure that was kept');
select results_eq($$ select l.status, l.body from http.leave(200, '{"a": 1}') l $$,
                  $$ values (401, '{"code": "UN002", "message": "no", "field": null}') $$, 'goes before any answer');
select is((select l.tags <> '{}' from http.leave(200, null) l), true, 'what it touched is touched nevertheless');
select set_config('plinth.failure', '', true);
select is((select l.status from http.leave(200, '{}') l), 200,
          'that of an earlier transaction reads empty and is none');

-- Where there are replicas, a write makes void what the primary said before of the one who wrote.
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000d601', true);
select is((select l.tags && '{written:019e0000-0000-7000-8000-00000000d601}' from http.leave(204, null) l), false,
          'without replicas, there is no such word');
select set_config('plinth.replica_max_lag', '5', true), set_config('plinth.caller', '', true);
select is((select count(*) from http.leave(204, null) l, unnest(l.tags) t where t like 'written:%'), 0::bigint,
          'nor without a caller');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000d601', true);
select is((select l.tags && '{written:019e0000-0000-7000-8000-00000000d601}' from http.leave(204, null) l), true,
          'the caller wrote');
select is((select count(*) from base.touched_tags t where t.tag = 'written:019e0000-0000-7000-8000-00000000d601'), 1::bigint,
          'on record, as every tag');
select set_config('plinth.replica_max_lag', '', true), set_config('plinth.caller', '', true);

set session authorization plinth_web;
select is((select l.status from http.leave(200, '{}') l), 200, 'the layer''s statements call it');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.leave(200, '{}') $$, '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
