-- http.shapes: what JSON arguments look like. That they do is tried over HTTP, in tests/http/test_description.py.
begin;
select plan(19);

select is(pg_get_function_arguments('http.shapes'::regproc), 'p_guards jsonb', 'arguments');
select is(pg_get_function_result('http.shapes'::regproc), 'TABLE(function text, argument text, schema jsonb)', 'result');
select volatility_is('http', 'shapes', array['jsonb'], 'stable');
select isnt_definer('http', 'shapes', array['jsonb']);
select function_owner_is('http', 'shapes', array['jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.shapes'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.shapes'::regproc;

create temp table said as select * from http.shapes(
  '{"api.create_message": {"role": {"enum": ["user"]}, "model": {"maxLength": 9, "cleared": ""}},
    "api.update_user": {"bio": {"maxLength": 8}}}');
create function pg_temp.said(p_function text, p_argument text, variadic p_path text[] default '{}')
returns jsonb language sql stable as $$
  select s.schema #> p_path from said s where s.function = 'api.' || p_function and s.argument = p_argument
$$;

select is(pg_temp.said('create_messages', 'messages', 'items', 'properties', 'role'), '{"type": "string", "enum": ["user"]}',
          'each of a list is what the function for one takes, with its guards');
select is(pg_temp.said('create_messages', 'messages', 'items', 'properties', 'model'),
          '{"type": ["string", "null"], "maxLength": 9}', 'what may be left out may be null');
select is(pg_temp.said('update_users', 'users', 'items', 'properties', 'bio'), '{"type": "string", "maxLength": 8}',
          'but not in a change');
select is(pg_temp.said('create_messages', 'messages', 'items', 'required'), '["role"]', 'what is needed');
select is(pg_temp.said('create_messages', 'messages', 'items', 'additionalProperties'), 'false', 'and nothing else');
select ok(not pg_temp.said('create_messages', 'messages', 'items', 'properties') ? 'conversation_id',
          'what all have in common is said once');
select is(pg_temp.said('create_messages', 'messages', 'items', 'properties', 'metadata'), '{"type": ["object", "null"]}',
          'an object within');
select is(pg_temp.said('create_plan', 'steps'), pg_temp.said('add_plan_steps', 'steps'), 'steps are steps');
select is(pg_temp.said('upsert_embeddings', 'metadata'), '{"items": {"type": "object"}}', 'a list of objects');
select is(array(select jsonb_path_query(s.schema, '$.items.oneOf[*].properties.type.const') #>> '{}' from said s
                 where s.function = 'api.import_conversations'), '{conversation,message,edit,summary}', 'lines of a history');

-- A list or object that nobody describes is any JSON to whoever reads the description.
select results_eq(
  $$ select r.name collate "default"
       from (select distinct p.function_name || '.' || a.name as name
               from http.routes p
              cross join lateral http.arguments(p.function_name::regproc) a
              where a.type like 'json%'
             except select s.function || '.' || s.argument from said s where s.schema ? 'type' or s.schema ? 'items'
             except
             select concat('api.', p.proname::text, '.', g.argument)
               from http.guards() g join pg_proc p on p.oid = g.function
              where g.schema -> 'type' = '"object"') r
      order by r.name collate "C" $$,
  $$ values ('api.create_flag.off_value'), ('api.finish_function_execution.result'), ('api.update_flag.off_value') $$,
  'only what may be anything is not described');

set session authorization plinth_web;
select throws_ok($$ select http.shapes('{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
