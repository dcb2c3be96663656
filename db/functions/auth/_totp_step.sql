-- core.totp_step: the step whose code this is, within totp.window steps of now, and later than p_after; NULL when there
-- is none. The clock is read now and not when the transaction began: the caller may have waited for a lock.
create or replace function core.totp_step(p_secret bytea, p_code text, p_after bigint)
returns bigint
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select min(s.step)
    from (select n.now + w as step
            from (select floor(extract(epoch from clock_timestamp()) / 30)::bigint as now,
                         base.setting('totp.window')::integer as width) n,
                 generate_series(-n.width, n.width) w) s
   where s.step > p_after and core.totp(p_secret, s.step) = p_code
$$;

comment on function core.totp_step(bytea, text, bigint) is 'The step whose code this is, about now; NULL: none';
grant execute on function core.totp_step(bytea, text, bigint) to plinth_system;
