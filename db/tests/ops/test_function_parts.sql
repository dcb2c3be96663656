-- core.function_parts: the declarations and statements in the body of a function.
begin;
select plan(11);

create function core.tap_parts(p_id integer, out o_name text) language plpgsql as $$
#variable_conflict use_column
<<outer_block>>
declare
  c_most constant integer not null := 3;
  v_list text[];
  v_from text default (select s.value from base.settings s limit 1);
  v_cursor cursor for select 1 as one;
begin
  -- a comment; with 'a quote
  if p_id > 1 then null; elsif exists (select from base.errors e where e.code = 'then') then null; else null; end if;
  select e.title, count(*) /* into here */ into strict o_name, p_id from base.errors e
   where e.code = case when p_id = 1 then 'a' else 'b' end group by 1;
  for v_i in reverse 10..1 loop continue when v_i = 5; end loop;
  for o_name in select e.code from base.errors e loop exit; end loop;
  foreach o_name in array v_list loop null; end loop;
  open v_cursor; fetch v_cursor into p_id; close v_cursor;
  execute 'select 1' into p_id using v_list;
  get diagnostics p_id = row_count;
  insert into base.errors (code) values ('into') returning code into o_name;
  begin
    perform base.raise('VL001', 'x');
  exception when sqlstate 'VL001' or no_data_found then
    raise notice '%', (select 1);
  end;
  case p_id when 1 then o_name := 'x;'; else tap_parts.o_name = 'y'; end case;
  while p_id < 3 loop p_id := p_id + 1; end loop;
  return;
end $$;
create temp table parts as
select row_number() over () as n, p.* from core.function_parts('core.tap_parts'::regproc) p;

select results_eq($$ select name, type, code from parts where kind = 'variable' order by n $$,
  $$ values ('c_most', 'integer', '3'), ('v_list', 'text[]', ''),
            ('v_from', 'text', '(select s.value from base.settings s limit 1)'), ('v_i', 'integer', null) $$,
  'variables, with types and what they begin with');
select results_eq($$ select line, regexp_replace(code, '\s+', ' ', 'g') from parts where kind = 'query' order by n $$,
  $$ values (7, 'select (select s.value from base.settings s limit 1)'), (8, 'select 1 as one'),
            (11, 'select exists (select from base.errors e where e.code = ''then'')'),
            (12, 'select e.title, count(*) from base.errors e'
                 ' where e.code = case when p_id = 1 then ''a'' else ''b'' end group by 1'),
            (15, 'select e.code from base.errors e'),
            (20, 'insert into base.errors (code) values (''into'') returning code '),
            (24, 'select notice ''%'', (select 1)') $$,
  'queries, without INTO, with the lines of PostgreSQL''s own messages');
select is(array(select distinct name from parts where kind = 'assigned' order by 1), '{o_name,p_id,tap_parts}',
          'what is assigned to');
select is((select written from parts where kind = 'query' and line = 12),
          'select e.title, count(*) /* into here */ into strict o_name, p_id from base.errors e' || E'\n'
          '   where e.code = case when p_id = 1 then ''a'' else ''b'' end group by 1', 'a statement as it is written');
select is(array(select line from parts where kind = 'dynamic'), '{18}', 'dynamic SQL');
select is(array(select code from parts where kind = 'expression' and line > 20 order by n),
          array['base.raise(''VL001'', ''x'')', 'sqlstate ''VL001'' or no_data_found', 'p_id', '1', '''x;''', '''y''', 'p_id < 3',
                'p_id + 1'], 'expressions');
select is((select count(*) from parts where code ~ ';$'), 0::bigint, 'nothing ends with a semicolon');

create function core.tap_more(p_id integer) returns setof text language plpgsql as $$
declare
  v_row record;
  v_some base.errors;
  v_open refcursor;
begin
  if (case when p_id = 1 then true else false end) then null; end if;
  return query select e.code from base.errors e;
  return query execute 'select 1';
  return next 'x' || p_id;
  for v_row in execute 'select 2' loop null; end loop;
  open v_open for execute 'select 3';
  open v_open for select e.title from base.errors e;
  select e.code, e.title into v_some.code, v_row.other.title from base.errors e;
  select e.code into p_id from base.errors e;
  get diagnostics p_id = row_count;
end $$;
select results_eq(
  $$ select p.line, p.kind, p.name, regexp_replace(p.code, '\s+', ' ', 'g') from core.function_parts('core.tap_more'::regproc) p
      where p.kind <> 'variable' $$,
  $$ values (7, 'expression', null, '(case when p_id = 1 then true else false end)'),
            (8, 'query', null, 'select e.code from base.errors e'), (9, 'dynamic', null, 'query execute ''select 1'''),
            (10, 'expression', null, '''x'' || p_id'), (11, 'dynamic', null, 'execute ''select 2'''),
            (12, 'dynamic', null, 'execute ''select 3'''), (13, 'query', null, 'select e.title from base.errors e'),
            (14, 'assigned', 'v_some', 'select e.code, e.title from base.errors e'),
            (14, 'assigned', 'code', 'select e.code, e.title from base.errors e'),
            (14, 'assigned', 'v_row', 'select e.code, e.title from base.errors e'),
            (14, 'assigned', 'other', 'select e.code, e.title from base.errors e'),
            (14, 'assigned', 'title', 'select e.code, e.title from base.errors e'),
            (14, 'query', null, 'select e.code, e.title from base.errors e'),
            (15, 'assigned', 'p_id', 'select e.code from base.errors e'), (15, 'query', null, 'select e.code from base.errors e'),
            (16, 'assigned', 'p_id', null) $$, 'results, cursors, fields of records');
select is_empty($$ select from parts where line > 9 and kind in ('query', 'expression', 'dynamic')
                                       and coalesce(name, type) <> '' $$,
                'statements have no name and no type');

create function core.tap_sql(p_id integer) returns text language sql as $$
  insert into base.touched_tags (tag) values (';'); -- one
  select e.title from base.errors e where e.http_status = p_id
$$;
select results_eq($$ select line, kind, code from core.function_parts('core.tap_sql'::regproc) $$,
  $$ values (2, 'query', 'insert into base.touched_tags (tag) values ('';'')'),
            (3, 'query', 'select e.title from base.errors e where e.http_status = p_id') $$, 'a function in SQL');

create function core.tap_atomic() returns bigint language sql begin atomic select count(*) from base.errors; end;
select results_eq($$ select kind, regexp_replace(code, '\s+', ' ', 'g') from core.function_parts('core.tap_atomic'::regproc) $$,
  $$ values ('query', 'SELECT count(*) AS count FROM base.errors') $$, 'one with a parsed body');

select * from finish();
rollback;
