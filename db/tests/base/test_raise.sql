-- base.raise: the one way an error of ours is raised: code, message, field and hint travel apart from each other.
begin;
select plan(16);

select is(pg_get_function_arguments('base.raise'::regproc),
  'p_code text, p_message text, p_field text DEFAULT NULL::text, p_hint text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('base.raise'::regproc), 'void', 'result');
select volatility_is('base', 'raise', array['text', 'text', 'text', 'text'], 'immutable');
select isnt_definer('base', 'raise', array['text', 'text', 'text', 'text']);
select function_owner_is('base', 'raise', array['text', 'text', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'base.raise'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'base.raise'::regproc;

create function pg_temp.raised(p_code text, p_message text, p_field text default null, p_hint text default null)
returns text[]
language plpgsql
as $$
declare
  v_code    text;
  v_message text;
  v_field   text;
  v_hint    text;
begin
  perform base.raise(p_code, p_message, p_field, p_hint);
  return null;
exception when others then
  get stacked diagnostics
    v_code = returned_sqlstate, v_message = message_text, v_field = column_name, v_hint = pg_exception_hint;
  return array[v_code, v_message, v_field, v_hint];
end
$$;

select is(pg_temp.raised('VL001', 'too short', 'name'), '{VL001,too short,name,""}', 'code, message and field');
select is(pg_temp.raised('NF001', 'no such thing'), '{NF001,no such thing,"",""}', 'a field is not needed');
select is(pg_temp.raised('SV503', 'away', null, 'try again'), '{SV503,away,"",try again}', 'a hint without a field');
select is(pg_temp.raised('VL001', 'too short', 'name', 'be longer'), '{VL001,too short,name,be longer}', 'all four');
select is(array(select length(r) from unnest(pg_temp.raised('VL001', repeat('ä', 9999), repeat('ö', 9999))) r),
          '{5,500,200,0}', 'what a caller sent is not repeated at any length');
select is(pg_temp.raised('VL001', '9 % of %s', 'name'), '{VL001,9 % of %s,name,""}', 'a message is no format');

select throws_ok($$ select base.raise(null, 'no code') $$, '22004', null,
                 'without a code nothing of ours can be raised');
select throws_ok($$ select base.raise('VL001', null) $$, '22004', null, 'nor without text');

set session authorization plinth_web;
select throws_ok($$ select base.raise('VL001', 'forged') $$, '42501', null,
                 'the layer''s login cannot raise by itself');
reset session authorization;

select * from finish();
rollback;
