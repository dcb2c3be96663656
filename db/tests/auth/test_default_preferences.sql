-- core.default_preferences: every default in its place in one document.
begin;
select plan(12);

select is(pg_get_function_arguments('core.default_preferences'::regproc), '', 'arguments');
select is(pg_get_function_result('core.default_preferences'::regproc), 'jsonb', 'result');
select volatility_is('core', 'default_preferences', '{}'::name[], 'stable');
select isnt_definer('core', 'default_preferences', '{}'::name[]);
select function_owner_is('core', 'default_preferences', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.default_preferences'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.default_preferences'::regproc;

insert into auth.preference_defaults (name, type, default_value, description) values
  ('tap_one.two.three', 'integer', '3', 'planted'), ('tap_one.four', 'text', '"4"', 'planted');

select is(core.default_preferences() -> 'tap_one', '{"four": "4", "two": {"three": 3}}', 'a dot in a name is a level');
select is(core.default_preferences() -> 'theme', '"system"', 'a name without one is not');
select is((select count(*) from auth.preference_defaults d
            where core.default_preferences() #> string_to_array(d.name, '.') is distinct from d.default_value), 0::bigint,
          'each is where its name says');
select lives_ok('select core.check_preferences(core.default_preferences())', 'and keeps its own rule');
select is_empty(
  $$ select d.name from auth.preference_defaults d join auth.preference_defaults e on starts_with(e.name, d.name || '.') $$,
  'no name is the beginning of another');

select * from finish();
rollback;
