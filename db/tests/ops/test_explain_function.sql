-- core.explain_function: the plan of every query in a function, in what it calls and in what it sets off.
begin;
select plan(34);

-- A helper, a view that calls another one, a trigger, a table reached by ON DELETE, and a function that uses them all.
set local role plinth_owner;
create table base.tap_parts (id integer primary key, note text);
create table base.tap_below (id integer references base.tap_parts (id) on delete cascade);
create function base.tg_tap() returns trigger language plpgsql as $$
begin
  update base.tap_below b set id = b.id where b.id = new.id;
  return null;
end $$;
create function base.tg_tap_below() returns trigger language plpgsql as $$
begin
  perform from base.settings s where s.name = old.id::text;
  return null;
end $$;
create trigger tap after insert on base.tap_parts for each row execute function base.tg_tap();
create trigger tap after delete on base.tap_below for each row execute function base.tg_tap_below();
create function core.tap_helper() returns integer language sql stable as $$ select count(*)::integer from base.errors $$;
create function core.tap_in_view(p_id integer) returns boolean language plpgsql stable as $$
begin
  return exists (select from base.table_manifest m where m.table_name = p_id::text);
end $$;
create view core.tap_view as select p.* from base.tap_parts p where core.tap_in_view(p.id);
create function core.tap_all(p_id integer, p_secret text, p_note text default 'none') returns setof text
language plpgsql volatile as $$
declare
  v_row base.tap_parts;
begin
  if p_id > core.tap_helper() then
    insert into base.tap_parts (id, note) values (p_id, p_note) returning * into v_row;
  end if;
  delete from base.tap_parts p where p.id = v_row.id and p.note <> p_secret;
  execute 'select 1';
  return query select v.note from core.tap_view v where v.note = p_note;
end $$;
create function core.tap_reads(p_id integer) returns bigint language plpgsql stable as $$
declare
  v_more integer;
  v_next integer := p_id + 1;
begin
  v_more := (select count(*) from base.tap_parts p where p.id = p_id);
  v_more := (select count(*) from base.tap_parts p where p.id = v_next and random() > 2);
  return (select count(*) from base.tap_parts p where p.id > v_more and core.tap_in_view(p.id));
end $$;
-- Variables that look like columns, and one whose type nothing tells.
create function core.tap_columns(p_id integer) returns table (total bigint) language plpgsql stable as $$
declare
  v_note base.tap_parts.note%type;
begin
  total := p_id;
  return query select count(*) from base.tap_parts p where p.id > total and v_note is null;
end $$;
create function core.tap_fails() returns bigint language sql stable as $$ select p.note::bigint from base.tap_parts p $$;
reset role;
insert into base.tap_parts (id, note) values (1, 'one'), (2, 'two');

create temp table steps as
select * from core.explain_function('core.tap_all'::regproc, '{"id": 7, "secret": "Hidden@4711"}');

select results_eq($$ select function, line, depth from steps where depth = 0 order by step $$,
                  $$ values ('core.tap_all', 6, 0), ('core.tap_all', 8, 0), ('core.tap_all', 9, 0), ('core.tap_all', 10, 0) $$,
                  'the queries of the function, by their lines');
select set_eq($$ select distinct function, depth from steps where depth > 0 $$,
              $$ values ('core.tap_helper', 1), ('core.tap_in_view', 1), ('base.tg_tap', 1), ('base.tg_tap_below', 1) $$,
              'what it calls, what its view calls, its trigger, and the trigger behind ON DELETE CASCADE');
select is((select statement from steps where line = 8),
          'delete from base.tap_parts p where p.id = v_row.id and p.note <> p_secret', 'a statement as it is written');
select matches((select plan_text from steps where line = 8), '\(\$1\)\.id', 'a variable is not known');
select matches((select plan_text from steps where line = 8), '<> \$2', 'a secret neither, though it was given');
select matches((select plan_text from steps where line = 10), '''none''::text', 'a default is');
select is((select notes from steps where line = 9), array['dynamic: its text comes about only when it runs, so it is not planned'],
          'dynamic SQL is named');
select is((select count(*) from base.tap_parts), 2::bigint, 'nothing was executed');

-- The role it runs as: policies of plinth_owner for what it owns, those of plinth_system for what that owns.
set local role plinth_owner;
create function core.tap_roles() returns bigint language sql stable as $$ select count(*) from auth.users $$;
create function core.tap_owner() returns bigint language sql stable security definer as $$ select core.tap_roles() $$;
create function core.tap_system() returns bigint language sql stable security definer as $$ select core.tap_roles() $$;
grant execute on function core.tap_roles() to plinth_system;
alter function core.tap_system() owner to plinth_system;
reset role;
select matches((select plan_text from core.explain_function('core.tap_owner'::regproc) where function = 'core.tap_roles'),
               'InitPlan', 'a function of plinth_owner sees the rows of its caller');
select doesnt_match((select plan_text from core.explain_function('core.tap_system'::regproc) where function = 'core.tap_roles'),
                    'InitPlan', 'a function of plinth_system sees all');

-- Executed.
create temp table read as select * from core.explain_function('core.tap_reads'::regproc, '{"id": 1}', p_analyze => true);
select is((select plan #>> '{Plan,Actual Rows}' from read where line = 6)::numeric, 1::numeric,
          'a query whose values are known is executed');
select is((select notes from read where line = 6), '{}', 'and nothing is to be said');
select matches((select plan_text from read where line = 6), 'actual', 'its text says so as well');
select is((select notes from read where line = 7), array['not executed: it calls something volatile'], 'not what is volatile');
select is((select notes from read where line = 8), array['not executed: it hangs on values that only a call has'],
          'not what hangs on another query');
select is((select distinct notes from core.explain_function('core.tap_all'::regproc, '{"id": 7}', p_analyze => true)
            where line = 10 and depth = 0), array['not executed: the function may write'],
          'nor what a function does that may write');
select is((select count(*) from core.explain_function('core.tap_all'::regproc, '{"id": 7}', p_analyze => true)
            where plan::text ~ 'Actual' and function = 'core.tap_all'), 0::bigint, 'in no line');

select results_eq($$ select notes, plan is not null from core.explain_function('core.tap_columns'::regproc, p_analyze => true) $$,
                  $$ values (array['not executed: it hangs on values that only a call has'], true) $$,
                  'variables that look like columns, or are of no type, are planned');

select results_eq($$ select notes, plan is not null from core.explain_function('core.tap_fails'::regproc, p_analyze => true) $$,
                  $$ values (array['not executed: it fails with 22P02'], true) $$, 'no value of a row in an error');

-- Large tables.
select is((select array_agg(notes) from steps where notes::text ~ 'scan'), null, 'a small table is read as it pleases');
insert into base.tap_parts select n, 'many' from generate_series(100, 12000) n;
analyze base.tap_parts;
select is((select notes from core.explain_function('core.tap_all'::regproc) where line = 10 and depth = 0),
          array['sequential scan on base.tap_parts, 11903 rows'], 'of a large one it is told');
select is((select notes from core.explain_function('core.tap_all'::regproc) where line = 8), '{}', 'if no index serves');

set local enable_seqscan = off;
select is((select core.large_scans(p.plan) from core.plan_statement('select count(*) from base.tap_parts', 'plan') p),
          'whole index base.tap_parts_pkey, 11903 rows', 'of an index, too');
create function pg_temp.large(p_query text) returns text language sql volatile as $$
  select string_agg(s, ', ') from core.plan_statement(p_query, 'plan') p cross join core.large_scans(p.plan) s
$$;
select is(pg_temp.large('select p.id from base.tap_parts p order by p.id limit 9'), null, 'unless a limit ends it early');
select is(pg_temp.large('select p.id from base.tap_parts p join base.tap_parts q using (id) order by p.id limit 9'), null,
          'also by way of a join');
select is(pg_temp.large('select count(*) from base.tap_parts limit 9'), 'whole index base.tap_parts_pkey, 11903 rows',
          'a count has read all before its limit');
select is(pg_temp.large('select count(*) from base.errors'), null, 'a small index is read as it pleases');
reset enable_seqscan;

-- Triggers.
create function pg_temp.fired(p_query text) returns text[] language sql volatile as $$
  select array_agg(t.function::regproc::text order by t.function::regproc::text)
    from core.plan_statement(p_query, 'plan') p cross join core.triggers_fired(p.plan) t
$$;
select is(pg_temp.fired('delete from base.tap_below'), '{base.tg_tap_below}', 'the trigger of what is done');
select is(pg_temp.fired('insert into base.tap_below values (1)'), null, 'not that of something else');
alter table base.tap_below disable trigger tap;
select is(pg_temp.fired('delete from base.tap_below'), null, 'nor one that is switched off');

-- A statement that cannot be planned is told, too.
set local role plinth_owner;
create function core.tap_wrong() returns bigint language plpgsql stable as $$
begin
  return (select count(*) from base.tap_nowhere);
end $$;
reset role;
select results_eq($$ select notes, plan from core.explain_function('core.tap_wrong'::regproc) $$,
                  $$ values (array['not planned: relation "base.tap_nowhere" does not exist'], null::jsonb) $$,
                  'a table that is not there');
select results_eq($$ select notes, plan from core.explain_function('core.tap_wrong'::regproc, p_analyze => true) $$,
                  $$ values (array['not planned: relation "base.tap_nowhere" does not exist'], null::jsonb) $$,
                  'and is not executed');
select is((select count(*) from core.explain_function('base.raise'::regproc)), 0::bigint, 'no query, no step');
select is((select count(*) from core.explain_function('api.erase_user'::regproc)
            where plan is null and notes::text !~ 'dynamic|permission'), 0::bigint, 'the longest chain of the house is explained');

select * from finish();
rollback;
