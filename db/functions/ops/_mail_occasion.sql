-- core.mail_occasion: names these five minutes, for core.send_mail: who asks again and again gets one message in them.
create or replace function core.mail_occasion(p_about text default '')
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(' ', to_char(date_bin('5 minutes', now(), '2000-01-01'), 'YYYY-MM-DD HH24:MI'), nullif(lower(p_about), ''))
$$;

comment on function core.mail_occasion(text) is 'Names these five minutes, so that a message goes out once in them';
grant execute on function core.mail_occasion(text) to plinth_system;
