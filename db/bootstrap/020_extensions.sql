-- Extensions live in a schema of their own, so that nothing of theirs is found by accident:
-- code writes ext.crypt(…) and OPERATOR(ext.<=>). Most are trusted extensions, which the owner of the database may
-- create; where vector is not, a superuser creates it once.

do $$
declare
  v_name   text;
  v_schema regnamespace;
begin
  if to_regnamespace('ext') is null then
    create schema ext;
    comment on schema ext is 'Extensions: pgcrypto, pg_trgm, unaccent, btree_gin, vector';
  end if;

  foreach v_name in array array['pgcrypto', 'pg_trgm', 'unaccent', 'btree_gin', 'vector'] loop
    v_schema := (select e.extnamespace::regnamespace from pg_catalog.pg_extension e where e.extname = v_name);

    if v_schema <> 'ext'::regnamespace then
      raise exception 'the extension % lies in the schema %, and is looked for in ext', v_name, v_schema
        using errcode = 'invalid_schema_name', hint = format('Run: alter extension %I set schema ext;', v_name);
    end if;

    if v_schema is null then
      if not exists (select from pg_catalog.pg_available_extensions where name = v_name) then
        raise exception 'the extension % is not available on this server', v_name
          using errcode = 'undefined_file',
                hint = format('Install it (Debian: postgresql-%s-pgvector for vector, postgresql-contrib for the others).',
                              current_setting('server_version_num')::int / 10000);
      end if;
      begin
        execute format('create extension %I with schema ext', v_name);
      exception when insufficient_privilege then
        raise exception 'creating the extension % takes a superuser on this server', v_name
          using errcode = 'insufficient_privilege',
                hint = format('A superuser runs once: create schema if not exists ext authorization %I; '
                              'create extension %I schema ext;', current_user, v_name);
      end;
    end if;
  end loop;

  -- Wanted for the ten slowest statements, never needed: it takes a superuser and a preloaded library.
  if exists (select from pg_catalog.pg_available_extensions where name = 'pg_stat_statements')
     and not exists (select from pg_catalog.pg_extension where extname = 'pg_stat_statements')
     and (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
  then
    create extension pg_stat_statements with schema ext;
  end if;
end $$;
