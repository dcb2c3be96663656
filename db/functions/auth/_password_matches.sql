-- core.password_matches: whether a password belongs to a hash, in constant work.
--
-- Rules   No hash (unknown user, account without a password) costs as much as one of the current format and is false.
--         No password is false. p<version>$… is ours; what core.imported_hash knows was brought from elsewhere and
--         costs what it costs there, once: sign-in renews it. Anything else, also a hash that was cut off, is false.
create or replace function core.password_matches(p_password text, p_hash text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_other  record;
  v_method text;
  v_salt   text;
  v_input  text;
  v_output text;
begin
  if p_hash ~ '^p[0-9a-f]+\$2a\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$' then
    v_salt := substr(p_hash, strpos(p_hash, '$'));
    v_input := core.peppered(p_password, left(p_hash, strpos(p_hash, '$') - 1));
  elsif p_hash is not null then
    select i.* into v_other from core.imported_hash(p_hash) i;
    v_method := v_other.method;
  end if;

  if v_method = 'pbkdf2' then
    return coalesce(sha256(v_other.wanted) = sha256(core.pbkdf2(
      v_other.digest, convert_to(p_password, 'UTF8'), v_other.salt, v_other.rounds, length(v_other.wanted))), false);
  elsif v_method = 'bcrypt' then
    v_salt := v_other.setting;
    v_input := case v_other.prepare
      when 'base64 of hmac' then encode(ext.hmac(convert_to(p_password, 'UTF8'), v_other.salt, 'sha256'), 'base64')
      when 'base64 of sha256' then encode(sha256(convert_to(p_password, 'UTF8')), 'base64')
      when 'hex of sha256' then encode(sha256(convert_to(p_password, 'UTF8')), 'hex')
      else p_password end;
  elsif v_salt is null then
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
