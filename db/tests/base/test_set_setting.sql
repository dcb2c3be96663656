-- base.set_setting: changes one setting within its type and bounds, on record; a cheap password hash needs the test
-- environment, which the deploy alone declares.
begin;
select plan(37);

select is(pg_get_function_arguments('base.set_setting'::regproc), 'p_name text, p_value text', 'arguments');
select is(pg_get_function_result('base.set_setting'::regproc), 'void', 'result');
select volatility_is('base', 'set_setting', array['text', 'text'], 'volatile');
select is_definer('base', 'set_setting', array['text', 'text']);
select function_owner_is('base', 'set_setting', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'base.set_setting'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'base.set_setting'::regproc;

insert into base.settings (name, value, type, minimum, maximum, description, updated_at) values
  ('tap.number', '5',     'integer', 1,    10,   'of this test', '2000-01-01'),
  ('tap.switch', 'false', 'boolean', null, null, 'of this test', '2000-01-01'),
  ('tap.word',   'one',   'text',    null, null, 'of this test', '2000-01-01');

select lives_ok($$ select base.set_setting('tap.number', '7') $$, 'a number within its bounds');
select results_eq(
  $$ select s.name, s.value, s.updated_at = now() from base.settings s where s.name like 'tap.%' order by 1 $$,
  $$ values ('tap.number', '7', true), ('tap.switch', 'false', false), ('tap.word', 'one', false) $$,
  'it is changed, its time is noted, and no other setting is');
select lives_ok($$ select base.set_setting('tap.number', '1') $$, 'the lowest');
select lives_ok($$ select base.set_setting('tap.number', '10') $$, 'the highest');
select lives_ok($$ select base.set_setting('tap.switch', 'true') $$, 'a switch');
select lives_ok($$ select base.set_setting('tap.word', '') $$, 'an empty text');

select throws_ok($$ select base.set_setting('tap.number', '0') $$, 'VL001', null, 'below the lowest');
select throws_ok($$ select base.set_setting('tap.number', '11') $$, 'VL001', null, 'above the highest');
select throws_ok($$ select base.set_setting('tap.number', 'many') $$, 'VL001', null, 'no number');
select throws_ok($$ select base.set_setting('tap.number', '2.5') $$, 'VL001', null, 'no whole number');
select throws_ok($$ select base.set_setting('tap.switch', 'yes') $$, 'VL001', null, 'a switch is true or false');
select throws_ok($$ select base.set_setting('tap.word', null) $$, 'VL001', null, 'no value');
select throws_ok($$ select base.set_setting('tap.nothing', '1') $$,
                 'NF001', 'There is no setting named tap.nothing', 'an unknown name');
select throws_ok($$ select base.set_setting(null, '1') $$, 'NF001', null, 'no name');

-- The environment is a setting like the others; written here and rolled back.
select base.set_setting('environment', 'test');
select lives_ok($$ select base.set_setting('password.bcrypt_cost', '4') $$,
                'in the test environment hashes may be cheap');
select throws_ok($$ select base.set_setting('password.bcrypt_cost', '3') $$, 'VL001', null, 'but bcrypt begins at 4');
select throws_ok($$ update base.settings set minimum = null, value = '3' where name = 'password.bcrypt_cost' $$, '23514',
                 null, 'whatever bounds are set');
select base.set_setting('environment', 'production');
select throws_ok($$ select base.set_setting('password.bcrypt_cost', '9') $$,
                 'VL001', 'A bcrypt cost below 10 is allowed only in the test environment', 'elsewhere not below 10');
select lives_ok($$ select base.set_setting('password.bcrypt_cost', '10') $$, '10 is allowed everywhere');

set session authorization plinth_operator;
select lives_ok($$ select base.set_setting('tap.number', '3') $$, 'an operator changes it');
select lives_ok($$ select base.set_setting('tap.number', '3') $$, 'and again, to what it is');
select throws_ok($$ select base.set_setting('environment', 'test') $$, 'NP001',
                 'The environment is set by the deploy: PLINTH_ENV and plinth migrate up', 'but not the environment');
select throws_ok($$ select base.set_setting('password.bcrypt_cost', '4') $$, 'VL001', null, 'nor what hangs on it');
reset session authorization;
select results_eq(
  $$ select l.action, l.acting_role, l.entity_id, l.changed, d.difference
       from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
      where l.entity_type = 'base.settings' and l.acting_role = 'plinth_operator' $$,
  $$ values ('update', 'plinth_operator', 'tap.number', '{value}'::text[],
             '{"value": {"before": "10", "after": "3"}}'::jsonb) $$, 'the trail has who, before and after, once');
select is(array(select l.entity_id from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
                 where l.entity_type = 'base.settings' and l.entity_id in ('environment', 'password.bcrypt_cost')
                   and d.difference -> 'value' -> 'before' = any (array['"test"', '"4"']::jsonb[])
                 order by l.id desc limit 2), '{password.bcrypt_cost,environment}', 'also of what guards passwords');
delete from base.settings s where s.name = 'tap.word';
select is((select l.action from ops.audit_logs l where l.entity_id = 'tap.word' order by l.id desc limit 1), 'delete',
          'a setting that goes is on record');
select is_empty($$ select from ops.audit_logs l where l.entity_type = 'base.settings' and l.action = 'insert' $$,
                'settings that a deploy adds are not');
create role tap_deploys nologin in role plinth_owner;
set session authorization tap_deploys;
select lives_ok($$ select base.set_setting('environment', 'test') $$, 'who deploys declares the environment');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select base.set_setting('tap.number', '4') $$, '42501', null, 'the layer''s login does not');
reset session authorization;
set role plinth_system;
select throws_ok($$ select base.set_setting('tap.number', '4') $$, '42501', null,
                 'nor do the functions that cross users');
reset role;

select * from finish();
rollback;
