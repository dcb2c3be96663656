-- core.merge_patch: the test cases of RFC 7396, appendix A, and what follows from its text.
begin;
select plan(29);

select is(pg_get_function_arguments('core.merge_patch'::regproc), 'p_target jsonb, p_patch jsonb', 'arguments');
select is(pg_get_function_result('core.merge_patch'::regproc), 'jsonb', 'result');
select volatility_is('core', 'merge_patch', array['jsonb', 'jsonb'], 'immutable');
select isnt_definer('core', 'merge_patch', array['jsonb', 'jsonb']);
select function_owner_is('core', 'merge_patch', array['jsonb', 'jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.merge_patch'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.merge_patch'::regproc;

-- SQL's NULL is no patch; JSON's null is one.
select is(core.merge_patch(t.original::jsonb, t.patch::jsonb), t.result::jsonb, format('%s and %s', t.original, t.patch))
  from (values
    ('{"a":"b"}',           '{"a":"c"}',                 '{"a":"c"}'),
    ('{"a":"b"}',           '{"b":"c"}',                 '{"a":"b","b":"c"}'),
    ('{"a":"b"}',           '{"a":null}',                '{}'),
    ('{"a":"b","b":"c"}',   '{"a":null}',                '{"b":"c"}'),
    ('{"a":["b"]}',         '{"a":"c"}',                 '{"a":"c"}'),
    ('{"a":"c"}',           '{"a":["b"]}',               '{"a":["b"]}'),
    ('{"a":{"b":"c"}}',     '{"a":{"b":"d","c":null}}',  '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}',   '{"a":[1]}',                 '{"a":[1]}'),
    ('["a","b"]',           '["c","d"]',                 '["c","d"]'),
    ('{"a":"b"}',           '["c"]',                     '["c"]'),
    ('{"a":"foo"}',         'null',                      'null'),
    ('{"a":"foo"}',         '"bar"',                     '"bar"'),
    ('{"e":null}',          '{"a":1}',                   '{"e":null,"a":1}'),
    ('[1,2]',               '{"a":"b","c":null}',        '{"a":"b"}'),
    ('{}',                  '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
    -- Beyond the appendix.
    ('{"a":{"b":"c"}}',     '{"a":"d"}',                 '{"a":"d"}'),
    ('{"a":"d"}',           '{"a":{"b":"c"}}',           '{"a":{"b":"c"}}'),
    ('{"a":[null]}',        '{"a":[null,{"b":null}]}',   '{"a":[null,{"b":null}]}'),
    ('{"a":1}',             '{}',                        '{"a":1}'),
    ('{"":1,"a.b":2}',      '{"":null,"a.b":3}',         '{"a.b":3}')) t (original, patch, result);
select is(core.merge_patch(null, '{"a":{"b":null,"c":1}}'), '{"a":{"c":1}}', 'onto nothing');
select is(core.merge_patch('{"a":1}', null), null, 'no patch at all');

select * from finish();
rollback;
