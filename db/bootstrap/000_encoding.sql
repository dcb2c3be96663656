-- Texts of users hold every letter there is, and so does the code: a database in any other encoding refuses half of it.

do $$
begin
  if current_setting('server_encoding') <> 'UTF8' then
    raise exception 'the database has encoding %, and UTF8 is needed', current_setting('server_encoding')
      using errcode = 'feature_not_supported',
            hint = 'Make it anew: create database … template template0 encoding ''UTF8'';';
  end if;
end $$;
