-- What Plinth needs of a server: one row per finding, also before anything is migrated. `plinth doctor` prints them.
--
-- It may be told of the service that asks: plinth.workers, plinth.connections (that all of them open at once) and
-- plinth.clock (seconds since 1970, by the clock of that machine). Without them those rows are left out.
with service as (
  select nullif(current_setting('plinth.workers', true), '') as workers,
         nullif(current_setting('plinth.connections', true), '')::integer as connections,
         nullif(current_setting('plinth.clock', true), '')::numeric as clock,
         current_setting('max_connections')::integer as most
),
server as (
  select current_setting('server_version') as version, current_setting('server_version_num')::integer / 10000 as major
),
needed_extensions as (
  select n.name, n.package, n.least, v.version, v.installed or v.trusted or r.rolsuper as usable
    from (values ('pgcrypto', 'postgresql-contrib', '{}'::integer[]),
                 ('pg_trgm', 'postgresql-contrib', '{}'),
                 ('unaccent', 'postgresql-contrib', '{}'),
                 ('btree_gin', 'postgresql-contrib', '{}'),
                 ('vector', format('postgresql-%s-pgvector', (select major from server)), '{0,7}')
         ) n (name, package, least)
    join pg_roles r on r.rolname = current_user
    left join pg_available_extensions e on e.name = n.name
    left join pg_available_extension_versions v
      on v.name = e.name and v.version = coalesce(e.installed_version, e.default_version)
),
needed_settings as (
  select n.name, n.value, current_setting(n.name) as now, n.level, n.reason
    from (values
      ('server_encoding', 'UTF8', 'FAIL', 'not every text can be kept; make the database with encoding UTF8'),
      ('fsync', 'on', 'FAIL', 'a crash would lose acknowledged writes'),
      ('full_page_writes', 'on', 'FAIL', 'a crash would tear pages'),
      ('synchronous_commit', case when current_setting('synchronous_commit') = 'remote_apply' then 'remote_apply' else 'on' end,
       'warn', 'a crash loses the last acknowledged writes'),
      ('data_checksums', 'on', 'warn', 'damaged pages would go unnoticed; run pg_checksums --enable'),
      ('password_encryption', 'scram-sha-256', 'warn', 'md5 hashes are weak'),
      ('log_parameter_max_length', '0', 'warn', 'personal values reach the log'),
      ('log_parameter_max_length_on_error', '0', 'warn', 'personal values reach the log')
    ) n (name, value, level, reason)
)
select case when major between 16 and 18 then 'ok' else 'FAIL' end as level,
       format('PostgreSQL %s', version) || case when major between 16 and 18 then '' else ': 16 to 18 are needed' end
         as finding
  from server
union all
select 'FAIL', 'this server is a replica; promote it, or have the address lead to its primary' where pg_is_in_recovery()
union all
-- Of who may not look, what he cannot see is taken for well.
select case when there then 'ok' else 'FAIL' end,
       case when there then format('writes wait for a replica: synchronous_standby_names %s', names)
            else format('writes wait for a replica, and none is there: start it, or take it out of'
                        ' synchronous_standby_names (%s)', names) end
  from (select current_setting('synchronous_standby_names') as names,
               exists (select from pg_stat_replication r where coalesce(r.sync_state, 'sync') in ('sync', 'quorum')) as there) s
 where names <> '' and not pg_is_in_recovery()
union all
select 'FAIL',
       case when version is null then format('extension %s is not on the server; install %s', name, package)
            when string_to_array(version, '.')::integer[] < least
              then format('extension %s %s: %s or newer is needed; install %s',
                          name, version, array_to_string(least, '.'), package)
            else format('extension %s takes a superuser, who may run: create schema if not exists ext authorization %I;'
                        ' create extension %1$s schema ext', name, current_user)
       end
  from needed_extensions
 where version is null or not usable or string_to_array(version, '.')::integer[] < least
union all
select 'ok', 'extensions ' || string_agg(name || ' ' || version, ', ')
  from needed_extensions
 where usable and string_to_array(version, '.')::integer[] >= least
having count(*) > 0
union all
select 'warn', format('extension vector %s: before 0.8 an index is asked only once, so a search that few rows fit compares'
                      ' more of them', version)
  from needed_extensions
 where name = 'vector' and string_to_array(version, '.')::integer[] between '{0,7}' and '{0,8}'
union all
-- Text search asks LC_CTYPE before PostgreSQL 18, whatever provider the database has.
select 'warn', format('LC_CTYPE is %s, and Ä is not found by ä; make the database with one of UTF-8, like C.UTF-8', datctype)
  from pg_database
 where datname = current_database() and not to_tsvector('simple', 'Ä') @@ 'ä'::tsquery
union all
select 'warn', 'pg_stat_statements is not on the server: no list of slow statements'
 where not exists (select from pg_available_extensions where name = 'pg_stat_statements')
union all
select case when may then 'ok' else 'FAIL' end,
       case when rolsuper then format('administrator %s is a superuser', rolname)
            when may then format('administrator %s may make roles and schemas', rolname)
            else format('administrator %s lacks rights; ALTER ROLE %1$s CREATEROLE and make it the owner of the'
                        ' database', rolname)
       end
  from pg_roles,
       lateral (select rolsuper or rolcreaterole and has_database_privilege(current_database(), 'create') as may) m
 where rolname = current_user
union all
select level, format('%s is %s, not %s: %s', name, now, value, reason) from needed_settings where now <> value
union all
select 'ok', string_agg(name || ' ' || value, ', ') from needed_settings where now = value having count(*) > 0
union all
-- Ten more, because people, backups and migrations want in as well.
select case when connections + 10 <= most then 'ok' else 'FAIL' end,
       format('max_connections %s, %s workers take up to %s', most, workers, connections)
         || case when connections + 10 <= most then ''
                 else format(': raise it to %s or lower --workers', connections + 10) end
  from service
 where connections is not null
union all
select case when skew <= 2 then 'ok' when skew <= 30 then 'warn' else 'FAIL' end,
       case when skew <= 2 then 'clocks agree' else format('clocks differ by %s s; synchronise them', round(skew)) end
  from service, lateral (select abs(extract(epoch from clock_timestamp()) - clock) as skew) s
 where clock is not null
