-- base.current_user_id: whom row policies see. The caller of the request before anything else; else whom an operator
-- named in this very statement; else nobody.
begin;
select plan(21);

select is(pg_get_function_arguments('base.current_user_id'::regproc), '', 'arguments');
select is(pg_get_function_result('base.current_user_id'::regproc), 'uuid', 'result');
select volatility_is('base', 'current_user_id', '{}'::name[], 'stable');
select isnt_definer('base', 'current_user_id', '{}'::name[]);
select function_owner_is('base', 'current_user_id', '{}'::name[], 'plinth_owner');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'base.current_user_id'::regproc;

\set one 019e0000-0000-7000-8000-00000000b001
\set two 019e0000-0000-7000-8000-00000000b002

-- Within one statement, as the functions of the contract do it. The definer stands for such a function.
create function pg_temp.seen_as(p_caller text, p_subject text)
returns uuid
language plpgsql volatile security definer
as $$
begin
  perform set_config('plinth.caller', p_caller, true), set_config('plinth.subject', p_subject, true);
  return base.current_user_id();
end
$$;
create function pg_temp.subject(p_id text)
returns text
language sql stable
as $$ select p_id || '@' || extract(epoch from statement_timestamp()) $$;

select is(base.current_user_id(), null, 'nobody at first');
select is(pg_temp.seen_as('', ''), null, 'nobody, when the settings of an earlier transaction read empty');
select is(pg_temp.seen_as(:'one', ''), :'one', 'the caller');
select is(base.current_user_id(), :'one', 'the caller, for the rest of the transaction');
select is(pg_temp.seen_as(:'one', pg_temp.subject(:'two')), :'one', 'a named user does not displace the caller');
select is(pg_temp.seen_as('', pg_temp.subject(:'two')), :'two', 'without a caller it is the user an operator names');
select is(base.current_user_id(), null, 'in the next statement it is nobody again');
select is(pg_temp.seen_as('', :'two' || '@0'), null, 'the statement of naming must be this one');
select is(pg_temp.seen_as('', :'two'), null, 'a name without its statement is none');
select throws_ok($$ select pg_temp.seen_as('somebody', '') $$, '22P02', null, 'a caller that is no id fails');

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is(pg_temp.seen_as('', pg_temp.subject(:'two')), :'two', 'an operator may name a user');
select is(base.current_user_id(), null, 'for one statement');
reset session authorization;
set session authorization plinth_web;
select is(pg_temp.seen_as('', pg_temp.subject(:'two')), null, 'the layer''s login may not, whatever it sets');
select throws_ok($$ select base.current_user_id() $$, '42501', null, 'nor may it ask');
reset session authorization;
set session authorization plinth_reader;
select is(pg_temp.seen_as('', pg_temp.subject(:'two')), null, 'a reader neither');
reset session authorization;

select * from finish();
rollback;
