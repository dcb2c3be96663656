-- core.bound_code, core.variable_values: what stands for the variables of a function.
begin;
select plan(20);

create function pg_temp.bound(p_code text, variadic p_also text[] default '{}') returns text language sql as $$
  select core.bound_code(p_code, 'f', '{"p_id": "''7''::integer", "v_row": "?auth.users", "v_rec": "?record",
    "v_rec.at": "?timestamptz", "name": "?text", "new": "?auth.teams", "found": "?boolean"}', p_also)
$$;
select is(pg_temp.bound('select p_id'), 'select (''7''::integer)', 'a known value');
select is(pg_temp.bound('select v_row.id, v_row'), 'select ($1::auth.users).id, ($1::auth.users)',
          'one that is not known, by its type');
select is(pg_temp.bound('select v_rec.at, v_rec.x, v_rec.at'), 'select ($1::timestamptz), ($2), ($1::timestamptz)',
          'fields of a record');
select is(pg_temp.bound('where t.p_id = p_id and f.name = t.name'), 'where t.p_id = (''7''::integer) and ($1::text) = t.name',
          'a column is not a variable, a name behind the function''s is');
select is(pg_temp.bound('select name'), 'select name', 'a name without prefix is a column');
select is(pg_temp.bound('select name', 'name'), 'select ($1::text)', 'unless it is said not to be');
select is(pg_temp.bound('insert into a.t (id, name) values (p_id, name) on conflict (name) do update set name = name', 'name'),
          'insert into a.t (id, name) values ((''7''::integer), ($1::text)) on conflict (name) do update set name = ($1::text)',
          'what is written to is a column');
select is(pg_temp.bound('g(name => name) as name, name(1)', 'name'), 'g(name => ($1::text)) as name, name(1)',
          'names of arguments, of columns, of functions');
select is(pg_temp.bound('''p_id'' || "p_id" -- p_id'), '''p_id'' || "p_id" -- p_id', 'texts and comments stay');
select is(pg_temp.bound('select P_Id, new.name, found'), 'select (''7''::integer), ($1::auth.teams).name, ($2::boolean)',
          'rows of triggers');

create function core.tap_values(
  p_user_id uuid, p_id integer, p_password text, p_data jsonb, p_names text[], p_note text default 'a''b',
  p_changed text default null, out o_name text)
language plpgsql as $$
declare
  v_note text := upper(p_note) || '!';
  v_more text := v_note || p_password;
  v_last text := 'x';
  v_when timestamptz := clock_timestamp();
  v_set  text := base.setting('environment');
  v_any  auth.users.id%type;
  v_row  record;
begin
  v_last := 'y';
  p_user_id := core.act_for(p_user_id);
  p_changed := coalesce(p_changed, 'z');
  select u.id as id, u.username as name into v_row from auth.users u where u.id = p_user_id;
end $$;
create temp table given as
select core.variable_values('core.tap_values'::regproc,
  (select jsonb_agg(p) from core.function_parts('core.tap_values'::regproc) p),
  'plinth_owner', '{"id": 7, "password": "Hidden", "data": {"a": "Hidden"}, "names": ["a", "b,c"], "note": null}',
  '019e0000-0000-7000-8000-000000000001') as v;
select is(v ->> 'p_id', '''7''::integer', 'an argument that is given') from given;
select is(v ->> 'p_names', '''{a,"b,c"}''::text[]', 'a list') from given;
select is(v ->> 'p_note', '(''a''''b''::text)::text', 'a default') from given;
select is(v ->> 'p_user_id', '''019e0000-0000-7000-8000-000000000001''::uuid', 'the user') from given;
select is(array[v ->> 'p_password', v ->> 'p_data', v ->> 'o_name'], '{?text,?jsonb,?text}',
          'what may be secret is not known') from given;
select is(v ->> 'p_changed', '?text', 'nor is a default that is assigned to') from given;
select is(v ->> 'v_note', '(upper(((''a''''b''::text)::text)) || ''!'')::text',
          'a variable that hangs on what is known') from given;
select is(array[v ->> 'v_more', v ->> 'v_last', v ->> 'v_when', v ->> 'v_set', v ->> 'v_any'],
          '{?text,?text,?timestamptz,?text,?}', 'one that does not, or is assigned to, or hangs on more than values') from given;
select is(array[v ->> 'v_row', v ->> 'v_row.id', v ->> 'v_row.name'], '{?record,?uuid,?text}',
          'the fields of a record are those of its query') from given;
select doesnt_match(v::text, 'Hidden', 'no secret in any of them') from given;

select * from finish();
rollback;
