-- core.judge_json: what in a JSON value a JSON Schema does not allow, part by part.
begin;
select plan(7);

select is(pg_get_function_arguments('core.judge_json'::regproc),
  'p_value jsonb, p_schema jsonb, p_root jsonb, p_at text, p_depth integer, INOUT p_left integer, OUT '
  'faults jsonb', 'arguments');
select is(pg_get_function_result('core.judge_json'::regproc),
  'record', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.judge_json'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.judge_json'::regproc;

select results_eq($$ select j.p_left, j.faults from core.judge_json('{"a": [1, 2]}',
  '{"properties": {"a": {"items": {"type": "null"}}}}',
                                                                    '{}', 'v', 0, 10) j $$,
  $$ values (6, '[{"field": "v/a/0", "code": "VL001", "detail": "type: must be null, not number"},
                  {"field": "v/a/1", "code": "VL001", "detail": "type: must be null, not number"}]'::jsonb) $$,
  'four parts were looked at');
select throws_ok($$ select core.judge_json('{"a": [1, 2]}', '{"properties": {"a": {"items": {"type": "null"}}}}',
  '{}', 'v', 0, 3) $$, 'VL001',
  'The value has too many parts, or too deep ones, to be checked', 'not more than may be');
select throws_ok($$ select core.judge_json('1', 'true', 'true', 'v', 65, 10) $$, 'VL001',
  'The value has too many parts, or too deep ones, to be checked', 'nor deeper');

select * from finish();
rollback;
