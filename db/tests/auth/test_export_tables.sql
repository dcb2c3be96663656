-- core.export_tables: what every export reads.
begin;
select plan(13);

select is(pg_get_function_arguments('core.export_tables'::regproc), '', 'arguments');
select is(pg_get_function_result('core.export_tables'::regproc),
  'TABLE(place bigint, name text, origin text, shown text, key text[], types text[])', 'result');
select volatility_is('core', 'export_tables', '{}'::text[], 'stable');
select isnt_definer('core', 'export_tables', '{}'::text[]);
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.export_tables'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.export_tables'::regproc;

create temp table told as select t.*, row_number() over () as n from core.export_tables() t;
select set_eq('select name from told',
  $$ select format('%s.%s', t.schema_name, t.table_name) from core.user_tables() t
      where (t.schema_name, t.table_name) not in (('ops', 'outbox'), ('auth', 'one_time_tokens'), ('ops', 'api_usage')) $$,
  'every table of users; but not what waits to be sent, nor single calls');
select is((select array_agg(t.name order by t.place) from told t), (select array_agg(t.name order by t.n) from told t),
          'in the order of their places');
select is(t.place, 1::bigint, 'the account comes first') from told t where t.name = 'auth.users';
select results_eq($$ select t.origin, t.key, t.types from told t where t.name = 'chat.message_edits' $$,
  $$ values ('chat.message_edits t where (user_id = $1)', '{message_id,version}'::text[], '{uuid,integer}'::text[]) $$,
  'whose rows, and what names one of them');
select is(t.shown, '(select to_json(x) from (select t.user_id, t.id, t.session_id, t.spent_at) x)', 'no secret is shown')
  from told t where t.name = 'auth.spent_refresh_tokens';
create table auth.tap_part (user_id uuid references auth.users (id), n smallint, at timestamptz(3), secret text,
                            primary key (at, user_id, n));
select results_eq($$ select t.key, t.types from core.export_tables() t where t.name = 'auth.tap_part' $$,
  $$ values ('{at,n}'::text[], '{timestamp(3) with time zone,smallint}'::text[]) $$, 'a new table is in it by being there');
select ok(t.shown !~ 'secret', 'and of it what is known to be no secret') from core.export_tables() t
 where t.name = 'auth.tap_part';

select * from finish();
rollback;
