-- compat.schema_migrations: ops.schema_migrations under the name that other systems use, found without a schema.
begin;
select plan(9);

select has_view('compat', 'schema_migrations', 'it is there');
select view_owner_is('compat', 'schema_migrations', 'plinth_owner', 'owner');

insert into ops.schema_migrations (version, name, title, checksum, statements_done)
select coalesce(max(m.version), 0) + 1, 'V_tap', 'Of this test', repeat('0', 64), 1 from ops.schema_migrations m;
select results_eq('select * from schema_migrations order by version',
                  'select * from ops.schema_migrations order by version', 'the same rows and columns');
select isnt_empty($$ select from schema_migrations m where m.name = 'V_tap' $$, 'and there are some');

set session authorization plinth_reader;
select isnt_empty('select * from schema_migrations', 'a reader sees it');
select throws_ok('select * from ops.schema_migrations', '42501', null, 'and not the table');
select throws_ok('delete from schema_migrations', '42501', null, 'and changes nothing');
reset session authorization;
set session authorization plinth_operator;
select isnt_empty('select * from schema_migrations', 'an operator sees it');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select * from compat.schema_migrations', '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
