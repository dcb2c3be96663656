-- core.import_fields: which fields a line of a history may have.
begin;
select plan(5);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole), 'p_type text text[] i f plinth_owner', 'argument, result, volatility, definer, owner')
  from pg_proc p where p.oid = 'core.import_fields'::regproc;
select is(array(select t from unnest('{conversation,message,edit,summary,tool}'::text[]) t
                 where 'type' = any (core.import_fields(t))), '{conversation,message,edit,summary}', 'four types there are');
select is(core.import_fields(null), null, 'none is none');
-- What is no column by its name is a reference by client_id, or follows from the table.
select is_empty(
  $$ select f from unnest(core.import_fields('message')) f
      where f not in ('type', 'conversation', 'parent')
        and f not in (select a.attname from pg_attribute a where a.attrelid = 'chat.messages'::regclass) $$,
  'fields are called like the columns');

set session authorization plinth_web;
select throws_ok($$ select core.import_fields('message') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
