-- base.tg__touch: a change moves updated_at forward and version up; what does not count as a change does neither.
begin;
select plan(11);

select is(pg_get_function_arguments('base.tg__touch'::regproc), '', 'arguments');
select is(pg_get_function_result('base.tg__touch'::regproc), 'trigger', 'result');
select volatility_is('base', 'tg__touch', '{}'::name[], 'volatile');
select isnt_definer('base', 'tg__touch', '{}'::name[]);
select function_owner_is('base', 'tg__touch', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'base.tg__touch'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'base.tg__touch'::regproc;

create temp table thing (note text, seen integer default 0, updated_at timestamptz not null, version integer not null);
create trigger _100_touch before update of note on thing for each row execute function base.tg__touch();
insert into thing (note, updated_at, version) values ('a', '2000-01-01', 1);

update thing set note = 'b';
select results_eq($$ select t.version, t.updated_at > now() from thing t $$, $$ values (2, true) $$,
                  'a change counts, at the time of the change and not of the transaction');
update thing set version = 90, updated_at = '2000-01-01', note = 'c';
select results_eq($$ select t.version, t.updated_at > now() from thing t $$, $$ values (3, true) $$,
                  'neither can be written by hand together with a change');

update thing set seen = 1;
select is((select t.version from thing t), 3, 'a column that is not named leaves the version alone');

update thing set updated_at = '2999-01-01';
update thing set note = 'd';
select results_eq($$ select t.version, t.updated_at from thing t $$, $$ values (4, timestamptz '2999-01-01') $$,
                  'a clock that went back does not take updated_at back');

select * from finish();
rollback;
