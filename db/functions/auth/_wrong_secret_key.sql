-- core.wrong_secret_key: why the keys that the connection brought are not those of this database; NULL when they are.
--
-- Rules   Any key is right for a database that was used with none. Otherwise the one in force was used before, or one
--         that was is at hand beside it: then what it wrote can be read, and is written anew.
create or replace function core.wrong_secret_key()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text := coalesce(current_setting('plinth.secret_keys', true), '');
  v_all  text;
  v_key  ops.secret_keys;
begin
  for v_key in select k.* from ops.secret_keys k order by k.first_used_at desc loop
    if strpos(v_keys, v_key.key_id || ':') > 0 then
      begin
        if core.decrypt_secret(v_key.check_encrypted, 'secret key check') = 'plinth' then
          return null;
        end if;
      exception when sqlstate 'SV510' then
        -- A key under another one's name: it is not this one.
        null;
      end;
    end if;
    v_all := concat_ws(', ', v_all, v_key.key_id);
  end loop;

  if v_all is not null then
    return format('PLINTH_SECRET_KEY is not the key of this database: it has the id %s, the database was used with %s',
                  coalesce(nullif(left(v_keys, 8), ''), 'none'), v_all);
  end if;
  return null;
end
$$;

comment on function core.wrong_secret_key() is
  'Why the keys at hand are not those of this database; NULL when they are';
grant execute on function core.wrong_secret_key() to plinth_system;
