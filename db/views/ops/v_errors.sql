-- api.v_errors: every error a caller can see.
create or replace view api.v_errors as
select e.code, e.http_status, e.title, e.description, e.retry_after
  from base.errors e
 order by e.http_status, e.code;

comment on view api.v_errors is 'Every error a caller can see: code, HTTP status, meaning';
comment on column api.v_errors.code is 'SQLSTATE of five characters, or a class for PostgreSQL''s own';
comment on column api.v_errors.http_status is 'Status of the HTTP answer';
comment on column api.v_errors.title is 'Short text, the same for every occurrence';
comment on column api.v_errors.description is 'When it is raised and what to do';
comment on column api.v_errors.retry_after is 'Seconds to wait before trying again, where that can help';
grant select on api.v_errors to plinth_reader, plinth_operator;
