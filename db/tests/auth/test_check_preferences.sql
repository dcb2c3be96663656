-- core.check_preferences: what cannot be preferred is refused, and the field is named.
begin;
select plan(32);

select is(pg_get_function_arguments('core.check_preferences'::regproc), 'p_patch jsonb', 'arguments');
select is(pg_get_function_result('core.check_preferences'::regproc), 'void', 'result');
select volatility_is('core', 'check_preferences', array['jsonb'], 'stable');
select isnt_definer('core', 'check_preferences', array['jsonb']);
select function_owner_is('core', 'check_preferences', array['jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_preferences'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_preferences'::regproc;

insert into auth.preference_defaults (name, type, default_value, allowed, minimum, maximum, description) values
  ('tap_p.colour', 'text', '"red"', '["red", "blue"]', null, null, 'planted'),
  ('tap_p.size', 'integer', '5', null, 1, 10, 'planted'), ('tap_p.any', 'integer', '5', null, null, null, 'planted'),
  ('tap_p.word', 'text', '""', null, 0, 3, 'planted'), ('tap_p.on', 'boolean', 'true', null, null, null, 'planted'),
  ('tap_p.bag', 'object', '{}', null, null, 30, 'planted');

-- The code, the field and the message of a refusal.
create function pg_temp.refusal(p_patch jsonb) returns text language plpgsql as $$
declare
  v_code text; v_field text; v_message text;
begin
  perform core.check_preferences(p_patch);
  return 'none';
exception when others then
  get stacked diagnostics v_code = returned_sqlstate, v_field = column_name, v_message = message_text;
  return concat_ws(' | ', v_code, v_field, v_message);
end
$$;

select is(pg_temp.refusal('{}'), 'none', 'nothing');
select is(pg_temp.refusal('{"tap_p": {"colour": "blue", "size": 10, "word": "äöü", "on": false, "any": -1e9}}'), 'none',
          'what is allowed');
select is(pg_temp.refusal('{"tap_p": {"colour": null}, "theme": null}'), 'none', 'null clears a choice');
select is(pg_temp.refusal('{"tap_p": null}'), 'none', 'or a branch of them');
select is(pg_temp.refusal('{"tap_p": {"bag": {"x": [1, {"y": null}]}}}'), 'none', 'in an object anything goes');
select is(pg_temp.refusal('{"tap_x": 1}'), 'VL002 | tap_x | There is no preference tap_x', 'an unknown name');
select is(pg_temp.refusal('{"": 1}'), 'VL002 | preferences | There is no preference ""', 'a name that says nothing');
select is(pg_temp.refusal('{"tap_x": null}'), 'VL002 | tap_x | There is no preference tap_x',
          'also when it is cleared');
select is(pg_temp.refusal('{"tap_p": {"x": {"y": 1}}}'), 'VL002 | tap_p.x | There is no preference tap_p.x',
          'further down');
select is(pg_temp.refusal('{"tap_p.size": 5}'), E'VL002 | tap_p\\.size | There is no preference tap_p\\.size',
          'a dot in a name is no level');
select is(pg_temp.refusal('{"tap_": {}}'), 'VL002 | tap_ | There is no preference tap_',
          'the beginning of a word is no branch');
select is(pg_temp.refusal('{"tap_p": 7}'), 'VL001 | tap_p | tap_p must be an object', 'a value in place of a branch');
select is(pg_temp.refusal('{"tap_p": {"on": "true"}}'), 'VL001 | tap_p.on | tap_p.on must be true or false',
          'a text for a boolean');
select is(pg_temp.refusal('{"tap_p": {"size": "5"}}'), 'VL001 | tap_p.size | tap_p.size must be a whole number',
          'for a number');
select is(pg_temp.refusal('{"tap_p": {"size": 5.5}}'), 'VL001 | tap_p.size | tap_p.size must be a whole number',
          'a fraction');
select is(pg_temp.refusal('{"tap_p": {"size": 11}}'), 'VL001 | tap_p.size | tap_p.size must be from 1 to 10',
          'too much');
select is(pg_temp.refusal('{"tap_p": {"size": 0}}'), 'VL001 | tap_p.size | tap_p.size must be from 1 to 10',
          'too little');
select is(pg_temp.refusal('{"tap_p": {"word": 5}}'), 'VL001 | tap_p.word | tap_p.word must be a string',
          'a number for a text');
select is(pg_temp.refusal('{"tap_p": {"word": "long"}}'),
          'VL001 | tap_p.word | tap_p.word must have 0 to 3 characters', 'too long');
select is(pg_temp.refusal('{"tap_p": {"colour": "green"}}'),
          'VL001 | tap_p.colour | tap_p.colour must be one of red, blue', 'none of the allowed');
select is(pg_temp.refusal('{"tap_p": {"bag": []}}'), 'VL001 | tap_p.bag | tap_p.bag must be an object',
          'a list for an object');
select is(pg_temp.refusal('{"tap_p": {"bag": {"x": "0123456789012345678901234567890"}}}'),
          'VL001 | tap_p.bag | tap_p.bag must have at most 30 bytes', 'an object too large');
select is(pg_temp.refusal('[]'), 'VL001 | preferences | preferences must be an object', 'a list');
select is(pg_temp.refusal('null'), 'VL001 | preferences | preferences must be an object', 'null');
select is(pg_temp.refusal(null), 'VL001 | preferences | preferences must be an object', 'nothing at all');

select * from finish();
rollback;
