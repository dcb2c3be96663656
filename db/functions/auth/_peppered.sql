-- core.peppered: what is hashed instead of the password itself. bcrypt ignores everything after 72 bytes; 44 characters
-- of an HMAC never reach that, and a stolen table is worthless without the pepper, which is kept outside the database
-- and comes with each connection as "p<version>:<hex>,…", the one in force first, then those it replaced.
--
-- Rules   p_version names one of them. One that is not at hand is the one in force: the same work, and never a match.
-- Errors  SV503 the connection brought no pepper
create or replace function core.peppered(p_password text, p_version text default null)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_peppers text := current_setting('plinth.pepper', true);
  v_pepper  text := coalesce(substring(v_peppers from '(?:^|,)' || p_version || ':([0-9a-f]+)'),
                             split_part(split_part(v_peppers, ',', 1), ':', 2));
begin
  if v_pepper is null or length(v_pepper) < 32 then
    perform base.raise('SV503', 'This connection brought no pepper, so no password can be hashed or checked',
                       null, 'Connect with plinth psql, or set plinth.pepper for the session.');
  end if;
  return encode(ext.hmac(convert_to(normalize(p_password, nfkc), 'UTF8'), decode(v_pepper, 'hex'), 'sha256'), 'base64');
end
$$;

comment on function core.peppered(text, text) is
  'The password as it goes into bcrypt: 44 characters, keyed with the pepper';
grant execute on function core.peppered(text, text) to plinth_system;
