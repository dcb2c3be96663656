-- core.as_uuid: a text as the uuid it is; NULL where it is none.
create or replace function core.as_uuid(p_text text)
returns uuid
language sql
immutable
parallel safe
as $$
  select case when p_text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_text::pg_catalog.uuid end
$$;

comment on function core.as_uuid(text) is 'A text as the uuid it is; NULL where it is none';
grant execute on function core.as_uuid(text) to plinth_system;
