-- http.beat: a sign of life a second, and no more rows than those of a minute.
begin;
select plan(15);

select is(pg_get_function_arguments('http.beat'::regproc), '', 'arguments');
select is(pg_get_function_result('http.beat'::regproc), 'uuid', 'result');
select volatility_is('http', 'beat', '{}'::name[], 'volatile');
select is_definer('http', 'beat', '{}'::name[]);
select function_owner_is('http', 'beat', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.beat'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.beat'::regproc;

delete from http.beats;
insert into http.beats (id, beat_at) values
  ('019e0000-0000-7000-8000-00000000d401', now() - interval '61 s'),
  ('019e0000-0000-7000-8000-00000000d402', now() - interval '2 s');
create temp table first (id uuid);
grant select, insert on first to plinth_web;
set session authorization plinth_web;
insert into first select http.beat();
select isnt(id, '019e0000-0000-7000-8000-00000000d402', 'two seconds are too long ago') from first;
select is(http.beat(), id, 'who comes right after gets the same') from first;
reset session authorization;
select results_eq($$ select b.id from http.beats b order by b.beat_at $$,
  $$ select uuid '019e0000-0000-7000-8000-00000000d402' union all select f.id from first f $$,
  'those of the last minute stay');
select cmp_ok(b.beat_at, '<=', clock_timestamp(), 'now') from http.beats b, first f where b.id = f.id;

-- A clock that was put back by an hour: what it left in the future is not believed.
update http.beats b set beat_at = b.beat_at + interval '1 hour';
select isnt(http.beat(), id, 'a beat of the future is none') from first;
select is(count(*), 1::bigint, 'it goes') from http.beats;

select is((select s.beats[1] from http.replica_state() s), http.beat(), 'the last one is what a replica tells');
set session authorization plinth_reader;
select throws_ok('select http.beat()', '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
