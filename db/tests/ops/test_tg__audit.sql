-- ops.tg__audit: the difference between a row before and after goes to the trail; secrets only by name.
begin;
select plan(22);

select is(pg_get_function_arguments('ops.tg__audit'::regproc), '', 'arguments');
select is(pg_get_function_result('ops.tg__audit'::regproc), 'trigger', 'result');
select volatility_is('ops', 'tg__audit', '{}'::name[], 'volatile');
select is_definer('ops', 'tg__audit', '{}'::name[]);
select function_owner_is('ops', 'tg__audit', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'ops.tg__audit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'ops.tg__audit'::regproc;

create table ops.tap_thing (
  id uuid, user_id uuid, name text, secret text, data jsonb,
  updated_at timestamptz default now(), version integer default 1
);
create trigger _800_audit after insert or update or delete on ops.tap_thing
  for each row execute function ops.tg__audit('id', 'user_id', '{secret}');
create table ops.tap_plain (id text, user_id uuid, secret text);
create trigger _800_audit after insert on ops.tap_plain
  for each row execute function ops.tg__audit('id', 'user_id');

\set thing 019e0000-0000-7000-8000-00000000c011
\set anna 019e0000-0000-7000-8000-00000000c012
\set operator 019e0000-0000-7000-8000-00000000c013

-- The newest row about a thing.
create temp view newest as
select l.action, l.entity_type, l.entity_id, l.user_id, l.actor_id, l.changed, d.difference
  from ops.audit_logs l
  join ops.audit_details d on d.audit_id = l.id
 where l.entity_type like 'ops.tap_%'
 order by l.occurred_at desc
 limit 1;
create function pg_temp.entries()
returns bigint language sql stable as $$ select count(*) from ops.audit_logs l where l.entity_type like 'ops.tap_%' $$;

select set_config('plinth.caller', :'operator', true);
insert into ops.tap_thing (id, user_id, name, secret) values (:'thing', :'anna', 'a', 'hush');
select results_eq(
  $$ select n.action, n.entity_type, n.entity_id, n.user_id, n.actor_id, n.changed from newest n $$,
  $$ values ('insert', 'ops.tap_thing', '019e0000-0000-7000-8000-00000000c011',
             uuid '019e0000-0000-7000-8000-00000000c012', uuid '019e0000-0000-7000-8000-00000000c013',
             '{id,name,secret,user_id}'::text[]) $$,
  'insert: what, whose, by whom, and the columns that got a value');
select is((select n.difference from newest n),
          '{"id": {"after": "019e0000-0000-7000-8000-00000000c011"}, "name": {"after": "a"}, "secret": {},
            "user_id": {"after": "019e0000-0000-7000-8000-00000000c012"}}'::jsonb,
          'with the values, except of the secret');

update ops.tap_thing set name = 'b';
select is((select n.difference from newest n), '{"name": {"before": "a", "after": "b"}}'::jsonb,
          'update: before and after');
select is((select n.action from newest n), 'update', 'under its name');
update ops.tap_thing set secret = 'hush hush';
select is((select n.difference from newest n), '{"secret": {}}'::jsonb, 'a changed secret is told, its values are not');
update ops.tap_thing set name = null;
select is((select n.difference from newest n), '{"name": {"before": "b"}}'::jsonb, 'a value that went has no after');
update ops.tap_thing set name = 'c';
select is((select n.difference from newest n), '{"name": {"after": "c"}}'::jsonb, 'a value that came has no before');
update ops.tap_thing set data = '{"a": null}';
select is((select n.difference from newest n), '{"data": {"after": {"a": null}}}'::jsonb,
          'a null inside a value is kept');

select is(pg_temp.entries(), 6::bigint, 'one row each');
update ops.tap_thing set name = 'c', updated_at = clock_timestamp(), version = 2;
select is(pg_temp.entries(), 6::bigint, 'that a row was written without a change of substance is not told');

delete from ops.tap_thing;
select results_eq(
  $$ select n.action, n.entity_id, n.user_id, n.changed from newest n $$,
  $$ values ('delete', '019e0000-0000-7000-8000-00000000c011', uuid '019e0000-0000-7000-8000-00000000c012',
             '{data,id,name,secret,user_id}'::text[]) $$,
  'delete: the row that was');
select is((select n.difference -> 'name' from newest n), '{"before": "c"}'::jsonb, 'with its values');
select is((select n.difference -> 'secret' from newest n), '{}'::jsonb, 'except of the secret');

insert into ops.tap_plain values ('x', null, 'told');
select is((select n.difference from newest n), '{"id": {"after": "x"}, "secret": {"after": "told"}}'::jsonb,
          'a table that names no secret has none; a row may belong to nobody');

create table ops.tap_counted (id text, user_id uuid, name text, uses integer default 0);
create trigger _800_audit after insert or update on ops.tap_counted
  for each row execute function ops.tg__audit('id', 'user_id', '{name}', '{uses}');
insert into ops.tap_counted values ('y', null, 'n', 5);
update ops.tap_counted set uses = 6;
select results_eq($$ select n.action, n.changed from newest n $$, $$ values ('insert', '{id,name}'::text[]) $$,
                  'what is left out is not told, and makes no row');

select * from finish();
rollback;
