-- core.password_matches: whether a password belongs to a hash, in constant work.
--
-- Rules   No hash (unknown user, account without a password) costs as much as one of the current format and is false.
--         No password is false. p<version>$… is ours; $2a$, $2b$, $2y$ is bcrypt over the bare password, as imports
--         and seeds bring it. Anything else, also a bcrypt hash that was cut off, is false and no error.
create or replace function core.password_matches(p_password text, p_hash text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_salt   text;
  v_input  text;
  v_output text;
begin
  if p_hash ~ '^p[0-9a-f]+\$2a\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$' then
    v_salt := substr(p_hash, strpos(p_hash, '$'));
    v_input := core.peppered(p_password, left(p_hash, strpos(p_hash, '$') - 1));
  elsif p_hash ~ '^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$' then
    -- crypt() knows $2a$; the letters b and y mark fixed implementations of the same algorithm.
    v_salt := overlay(p_hash placing 'a' from 3 for 1);
    v_input := p_password;
  else
    -- A fixed salt with the cost in force: the same work, and never a match.
    v_salt := format('$2a$%s$abcdefghijklmnopqrstuu', lpad(base.setting('password.bcrypt_cost'), 2, '0'));
    v_input := core.peppered(p_password);
    p_hash := null;
  end if;

  v_output := ext.crypt(v_input, v_salt);
  -- Digests are compared, so the time of the comparison says nothing about the hash.
  -- No password gives no output: that is false, too, and not NULL.
  return coalesce(p_hash is not null
              and sha256(convert_to(v_output, 'UTF8')) = sha256(convert_to(v_salt, 'UTF8')), false);
end
$$;

comment on function core.password_matches(text, text) is
  'Whether a password belongs to a hash; takes as long when there is none';
grant execute on function core.password_matches(text, text) to plinth_system;
