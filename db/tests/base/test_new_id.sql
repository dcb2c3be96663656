-- base.new_id: uuids of version 7: unique, and their first 48 bits are the milliseconds at which they were made.
begin;
select plan(14);

select is(pg_get_function_arguments('base.new_id'::regproc), '', 'arguments');
select is(pg_get_function_result('base.new_id'::regproc), 'uuid', 'result');
select volatility_is('base', 'new_id', '{}'::name[], 'volatile');
select isnt_definer('base', 'new_id', '{}'::name[]);
select function_owner_is('base', 'new_id', '{}'::name[], 'plinth_owner');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'base.new_id'::regproc;

-- Milliseconds since 1970, read out of an id.
create function pg_temp.made_at(p_id uuid)
returns bigint
language sql
as $$ select ('x' || left(replace(p_id::text, '-', ''), 12))::bit(48)::bigint $$;

create function pg_temp.now_ms()
returns bigint
language sql volatile
as $$ select floor(extract(epoch from clock_timestamp()) * 1000)::bigint $$;

select matches(base.new_id()::text, '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
               'version 7, and the variant every uuid has');
select is((select count(distinct base.new_id()) from generate_series(1, 10000)), 10000::bigint, 'no two are alike');
select is((select count(distinct right(base.new_id()::text, 12)) from generate_series(1, 1000)), 1000::bigint,
          'and not only by their time');

create temp table made (n integer generated always as identity, before bigint, id uuid, after bigint);
do $$
declare
  v_before bigint;
  v_id     uuid;
begin
  for i in 1..20 loop
    v_before := pg_temp.now_ms();
    v_id := base.new_id();
    insert into made (before, id, after) values (v_before, v_id, pg_temp.now_ms());
    while pg_temp.now_ms() = v_before loop end loop;
  end loop;
end
$$;
select is_empty($$ select * from made m where pg_temp.made_at(m.id) not between m.before and m.after $$,
                'the time in it is the time it was made');
select results_eq($$ select m.n from made m order by m.id $$, $$ select m.n from made m order by m.n $$,
                  'ordered like the time they were made');
create temp table many as select n, base.new_id() as id from generate_series(1, 5000) n;
select is((select count(*) from (select m.id < lag(m.id) over (order by m.n) as back from many m) x where x.back), 0::bigint,
          'within a millisecond as well');

set session authorization plinth_operator;
select isnt(base.new_id(), null, 'an operator may have one');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select base.new_id() $$, '42501', null, 'the layer''s login may not');
reset session authorization;

select * from finish();
rollback;
