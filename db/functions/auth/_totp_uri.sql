-- core.totp_uri: what an authenticator app reads, as text or as the picture of it (otpauth://…).
create or replace function core.totp_uri(p_username text, p_secret text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  -- A username needs no escaping; the issuer is the operator's own words.
  select format('otpauth://totp/%s:%s?secret=%s&issuer=%1$s&algorithm=SHA1&digits=6&period=30', i.escaped, p_username, p_secret)
    from (select string_agg(case when chr(b) ~ '^[A-Za-z0-9_.~-]$' then chr(b) else '%' || upper(lpad(to_hex(b), 2, '0')) end,
                            '' order by n) as escaped
            from (select get_byte(convert_to(base.setting('totp.issuer'), 'UTF8'), n) as b, n
                    from generate_series(0, octet_length(base.setting('totp.issuer')) - 1) n) q) i
$$;

comment on function core.totp_uri(text, text) is 'What an authenticator app reads (otpauth://…)';
