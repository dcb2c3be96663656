-- compat: the same facts under the names that other systems use for them.
create or replace view compat.schema_migrations as
select m.* from ops.schema_migrations m;

comment on view compat.schema_migrations is 'ops.schema_migrations under its usual name';
grant select on compat.schema_migrations to plinth_reader, plinth_operator;
