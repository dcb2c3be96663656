-- core.plan_statement and the functions that ask it as plinth_owner or as plinth_system.
begin;
select plan(19);

select is(array(select distinct a.grantee::regrole::text from pg_proc p cross join aclexplode(p.proacl) a
                 where p.oid = any (array['core.plan_statement', 'core.plan_as', 'core.plan_as_owner', 'core.plan_as_system',
                                          'core.plan_part', 'core.explain_function']::regproc[]) order by 1),
          '{plinth_owner,plinth_system}', 'nobody else may have a text planned');

set local role plinth_owner;
-- So small a table is read as a whole as soon as autovacuum has counted its rows.
set local enable_seqscan = off;
select is(plan #>> '{Plan,Node Type}', 'Index Scan', 'a plan, as JSON')
  from core.plan_statement('select s.value from base.settings s where s.name = $1', 'plan');
select matches(plan_text, 'Index Scan .*name = \$1', 'and as text')
  from core.plan_statement('select s.value from base.settings s where s.name = $1', 'plan');
reset enable_seqscan;
select is(array[state, failure], array['42P01', 'relation "base.nowhere" does not exist'], 'what cannot be planned')
  from core.plan_statement('select from base.nowhere', 'plan');
select throws_ok($$ select core.plan_statement('select 1; delete from base.errors', 'plan') $$, 'VL001',
                 'One statement is planned at a time');
select is(state, null, 'a semicolon in a text is none') from core.plan_statement('select '';''', 'plan');

select is(plan #>> '{Plan,Operation}', 'Delete', 'what writes is planned')
  from core.plan_statement('delete from base.settings', 'plan');
select ok(count(*) > 0, 'and not executed') from base.settings;
select is(state, '25006', 'nor can it be') from core.plan_statement('delete from base.settings', 'execute');
select ok(count(*) > 0, 'whatever is asked for') from base.settings;
select is(current_setting('transaction_read_only'), 'off', 'the transaction may write again');
select is((plan #>> '{Plan,Actual Rows}')::numeric, 1::numeric, 'what reads is executed')
  from core.plan_statement('select count(*) from base.settings', 'execute');
select is(state, '22012', 'an error of what is executed is told')
  from core.plan_statement('select 1 / count(*) from base.settings where name is null', 'execute');
select is(state, 'NF001', 'also one of ours')
  from core.plan_statement('select base.raise(''NF001'', s.value) from base.settings s', 'execute');
select is(plan, '{"a": "integer", "b": "text[]"}', 'columns with their types')
  from core.plan_statement('select null::integer as a, ''{}''::text[] as b from base.touch_tag(''tap_plan'')', 'columns');
select is((select count(*) from base.touched_tags where tag = 'tap_plan'), 0::bigint, 'without executing anything');

select isnt(plan::text, null, 'as plinth_owner') from core.plan_as('plinth_owner', 'select from auth.users', 'plan');
select matches(plan::text, 'InitPlan', 'under its policies') from core.plan_as_owner('select from auth.users', 'plan');
select doesnt_match(plan::text, 'InitPlan', 'as plinth_system')
  from core.plan_as('plinth_system', 'select from auth.users', 'plan');
reset role;

select * from finish();
rollback;
