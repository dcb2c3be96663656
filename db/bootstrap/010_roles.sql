-- The five roles. Roles belong to the whole cluster, so several databases (and several runners at once) share them:
-- every step asks first, and the runner repeats the file when PostgreSQL answers "tuple concurrently updated".
--
--   plinth_owner     owns every object, logs in nowhere, is bound by row-level security like anyone else
--   plinth_system    owns the few functions and views that must cross users; every one stands on a reviewed list
--   plinth_web       what the HTTP layer logs in as: EXECUTE on exposed functions, no table, no view
--   plinth_operator  people and jobs that run the system: may act for a named user, reads every table
--   plinth_reader    SELECT on api.v_* and nothing else

do $$
declare
  v_role text;
begin
  foreach v_role in array array['plinth_owner', 'plinth_system', 'plinth_operator', 'plinth_reader'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
      execute format('create role %I nologin', v_role);
    end if;
  end loop;

  -- No password here: the deployment sets one, or the server is reached by certificate or peer.
  if not exists (select from pg_catalog.pg_roles where rolname = 'plinth_web') then
    create role plinth_web login;
  end if;
end $$;

-- A CREATEROLE administrator gets only ADMIN on what it creates; to deploy it needs SET and INHERIT as well.
do $$
declare
  v_role text;
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    foreach v_role in array array['plinth_owner', 'plinth_system', 'plinth_operator', 'plinth_reader'] loop
      if not exists (
        select from pg_catalog.pg_auth_members m
         where m.roleid = v_role::regrole and m.member = current_user::regrole and m.inherit_option and m.set_option
      ) then
        execute format('grant %I to %I with inherit true, set true', v_role, current_user);
      end if;
    end loop;
  end if;

  -- The owner hands functions over to plinth_system, but must never inherit its policies.
  if not exists (
    select from pg_catalog.pg_auth_members m
     where m.roleid = 'plinth_system'::regrole and m.member = 'plinth_owner'::regrole and m.set_option and not m.inherit_option
  ) then
    grant plinth_system to plinth_owner with inherit false, set true;
  end if;
end $$;

-- Per database rather than per role: two installations in one cluster must not change each other.
-- What decides how functions read their patterns, what they find and how they tell it is as here, whatever else the
-- server or the database says of it.
do $$
declare
  v_role text;
begin
  foreach v_role in array array['plinth_web', 'plinth_operator', 'plinth_reader'] loop
    execute format('alter role %I in database %I set timezone = %L', v_role, current_database(), 'UTC');
    execute format('alter role %I in database %I set standard_conforming_strings = on', v_role, current_database());
    execute format('alter role %I in database %I set quote_all_identifiers = off', v_role, current_database());
    execute format('alter role %I in database %I set row_security = on', v_role, current_database());
    execute format('alter role %I in database %I set extra_float_digits = 1', v_role, current_database());
    execute format('alter role %I in database %I set idle_in_transaction_session_timeout = %L', v_role, current_database(), '10s');
  end loop;
  execute format('alter role plinth_web in database %I set statement_timeout = %L', current_database(), '5s');
  execute format('alter role plinth_web in database %I set lock_timeout = %L', current_database(), '1s');
end $$;
