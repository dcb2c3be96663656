-- base.tg__touch_tag: a write touches the tag of the user it belongs to, or the tag of all when no column is named.
begin;
select plan(15);

select is(pg_get_function_arguments('base.tg__touch_tag'::regproc), '', 'arguments');
select is(pg_get_function_result('base.tg__touch_tag'::regproc), 'trigger', 'result');
select volatility_is('base', 'tg__touch_tag', '{}'::name[], 'volatile');
select is_definer('base', 'tg__touch_tag', '{}'::name[]);
select function_owner_is('base', 'tg__touch_tag', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'base.tg__touch_tag'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'base.tg__touch_tag'::regproc;

create temp table thing (owner_id integer, note text);
create trigger _900_touch_tag after insert or update of note or delete on thing
  for each row execute function base.tg__touch_tag('thing', 'owner_id');
create temp table rule (note text);
create trigger _900_touch_tag after insert or update or delete on rule
  for each row execute function base.tg__touch_tag('rule');

-- What one write touched; read and cleared, so that each step is seen alone.
create function pg_temp.touched(p_write text)
returns text[]
language plpgsql
as $$
declare
  v_tags text[];
begin
  execute p_write;
  select array_agg(t.tag order by t.tag) into v_tags from base.touched_tags t where t.xid = pg_current_xact_id();
  delete from base.touched_tags t where t.xid = pg_current_xact_id();
  return v_tags;
end
$$;

select is(pg_temp.touched($$ insert into thing values (1, 'a'), (1, 'b'), (2, 'c') $$), '{thing:1,thing:2}', 'insert');
select is(pg_temp.touched($$ update thing set note = 'd' where owner_id = 2 $$), '{thing:2}',
          'update: one user''s tag');
select is(pg_temp.touched($$ update thing set owner_id = owner_id $$), null, 'a column that does not count');
select is(pg_temp.touched($$ delete from thing where owner_id = 1 $$), '{thing:1}', 'delete: of the row that was');
select is(pg_temp.touched($$ delete from thing where owner_id = 1 $$), null, 'no row, no tag');
select is(pg_temp.touched($$ insert into rule values ('a') $$), '{all:rule}', 'without a column: all, on insert');
select is(pg_temp.touched($$ update rule set note = 'b' $$), '{all:rule}', 'on update');
select is(pg_temp.touched($$ delete from rule $$), '{all:rule}', 'on delete');

select * from finish();
rollback;
