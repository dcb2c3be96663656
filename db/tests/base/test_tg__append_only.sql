-- base.tg__append_only: rows can be added; nobody changes, removes or truncates them, not even a superuser.
begin;
select plan(12);

select is(pg_get_function_arguments('base.tg__append_only'::regproc), '', 'arguments');
select is(pg_get_function_result('base.tg__append_only'::regproc), 'trigger', 'result');
select volatility_is('base', 'tg__append_only', '{}'::name[], 'volatile');
select isnt_definer('base', 'tg__append_only', '{}'::name[]);
select function_owner_is('base', 'tg__append_only', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'base.tg__append_only'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'base.tg__append_only'::regproc;

create table ops.tap_thing (note text);
create trigger _100_append_only before update or delete on ops.tap_thing
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.tap_thing
  for each statement execute function base.tg__append_only();

select lives_ok($$ insert into ops.tap_thing values ('first'), ('second') $$, 'rows can be added');
select throws_ok($$ update ops.tap_thing set note = 'forged' $$,
                 'AU001', 'Rows of ops.tap_thing are never changed or removed', 'not changed');
select throws_ok($$ delete from ops.tap_thing $$,
                 'AU001', 'Rows of ops.tap_thing are never changed or removed', 'not removed');
select throws_ok($$ truncate ops.tap_thing $$,
                 'AU001', 'Rows of ops.tap_thing are never changed or removed', 'not all at once');
select results_eq($$ select t.note from ops.tap_thing t order by 1 $$, $$ values ('first'), ('second') $$,
                  'all are there');

select * from finish();
rollback;
