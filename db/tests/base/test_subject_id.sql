-- base.subject_id: the user an operator named, in that statement only; nobody for other logins.
begin;
select plan(9);

select is(pg_get_function_arguments('base.subject_id'::regproc), '', 'arguments');
select is(pg_get_function_result('base.subject_id'::regproc), 'uuid', 'result');
select volatility_is('base', 'subject_id', '{}'::name[], 'stable');
select isnt_definer('base', 'subject_id', '{}'::name[]);
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'base.subject_id'::regproc;

create function pg_temp.name_and_see(p_at timestamptz) returns uuid language plpgsql volatile security definer as $$
begin
  perform set_config('plinth.subject', concat('019e0000-0000-7000-8000-00000000a001@', extract(epoch from p_at)), true);
  return base.subject_id();
end $$;

select is(base.subject_id(), null, 'nobody was named');
set session authorization plinth_operator;
select is(pg_temp.name_and_see(statement_timestamp()), '019e0000-0000-7000-8000-00000000a001',
          'whom an operator named in this statement');
select is(pg_temp.name_and_see(statement_timestamp() - interval '1 us'), null, 'not whom another statement named');
reset session authorization;
set session authorization plinth_web;
select is(pg_temp.name_and_see(statement_timestamp()), null, 'other logins name nobody');
reset session authorization;

select * from finish();
rollback;
