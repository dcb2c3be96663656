-- core.as_uuid: a text that is a uuid, or nothing.
begin;
select plan(3);

select is(concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
                    p.proowner::regrole), 'p_text text uuid i f plinth_owner', 'argument, result, volatility, definer, owner')
  from pg_proc p where p.oid = 'core.as_uuid'::regproc;
select results_eq(
  $$ select core.as_uuid(t) from (values ('019e0000-0000-7000-8000-00000000c001'), ('019E0000-0000-7000-8000-00000000C001'),
       ('019e000000007000800000000000c001'), ('x'), (''), (null)) v (t) $$,
  $$ values ('019e0000-0000-7000-8000-00000000c001'::uuid), (null), (null), (null), (null), (null) $$,
  'as the database writes it, and in no other way');

set session authorization plinth_web;
select throws_ok($$ select core.as_uuid('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
