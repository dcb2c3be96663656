-- The contract is on the path of everyone who connects: select * from get_database_statistics() works as written.
-- tap is where pgTAP is loaded in test databases; a schema that does not exist is skipped.

do $$
begin
  execute format('alter database %I set search_path = api, compat, public, tap', current_database());
  execute format('revoke create, temporary on database %I from public', current_database());
  execute format('grant temporary on database %I to plinth_operator', current_database());
end $$;

revoke all on schema public from public;
