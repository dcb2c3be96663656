-- The layer's login without a caller gets UN001 from every function for a user: each is really called, as plinth_web.
-- Needs a superuser, who alone may become plinth_web here; elsewhere the calls are skipped.
begin;
set local search_path = tap, pg_catalog;

create function api.planted_open(p_user_id uuid, p_count integer, p_names text[]) returns bigint language sql
security definer set search_path = pg_catalog, pg_temp as 'select count(*) from auth.users';
grant execute on function api.planted_open(uuid, integer, text[]) to plinth_web;

-- Arguments that have a default keep it; the others are NULL, which no caller check may wait for.
create temp table call (name text, statement text, granted boolean);
insert into call
select p.oid::regproc,
       format('select %s(p_user_id => %L%s)', p.oid::regproc, '01900000-0000-7000-8000-000000000005',
              (select coalesce(string_agg(format(', %I => null', a.name), ''
                                          order by a.n), '')
                 from unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[]) with ordinality as a (name, type, n)
                where a.n between 2 and p.pronargs - p.pronargdefaults)),
       has_function_privilege('plinth_web', p.oid, 'execute')
  from pg_proc p
 where p.pronamespace = 'api'::regnamespace and p.proargnames[1] = 'p_user_id';
grant select on call to plinth_web;

select plan((select count(*)::integer + 4 from call));

select ok(count(*) > 3, 'there are functions for users') from call where name !~ 'planted';

create function pg_temp.code_of(p_statement text) returns text language plpgsql as $$
begin
  execute p_statement;
  return 'no error';
exception when others then
  return sqlstate;
end
$$;
grant execute on function pg_temp.code_of(text) to plinth_web;

set local session authorization plinth_web;
select is(pg_temp.code_of(c.statement), case when c.granted then 'UN001' else '42501' end,
          format('%s refuses plinth_web without a caller', c.name))
  from call c where c.name !~ 'planted' order by c.name;
select is(pg_temp.code_of(c.statement), 'no error', 'a function that forgot to ask is found')
  from call c where c.name ~ 'planted';

-- Nor does a setting help that anyone can set, not even within the statement it is for.
select is(pg_temp.code_of(c.statement), 'UN001', 'a forged subject changes nothing')
  from (select set_config('plinth.subject', concat('01900000-0000-7000-8000-000000000005@',
                 extract(epoch from statement_timestamp())), true) offset 0) forged
  join call c on c.granted and c.name = 'api.get_current_user';
reset session authorization;

-- An operator acts for whom it names: alice and bob in one transaction.
select set_config('plinth.subject', '', true);
select results_eq(
  $$ select username from api.get_current_user('01900000-0000-7000-8000-000000000005')
     union all select username from api.get_current_user('01900000-0000-7000-8000-000000000006') order by 1 $$,
  array['alice', 'bob'], 'an operator reads alice and bob, each as themselves');
select is((select username from api.get_current_user('01900000-0000-7000-8000-000000000006')), 'bob',
          'and bob again afterwards');

select * from finish();
rollback;
