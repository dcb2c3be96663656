-- core.check_user_id: an id that a caller brings for an account may be any UUID but nil, which stands for whoever is
-- not
-- known, and max. The table checks the same again; here the caller learns it.
--
-- Errors  VL001 on id
create or replace function core.check_user_id(p_id uuid)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_id in ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff') then
    perform base.raise('VL001', 'id must be a UUID other than nil and max', 'id');
  end if;
end
$$;

comment on function core.check_user_id(uuid) is 'Refuses an id for an account that stands for nobody';
grant execute on function core.check_user_id(uuid) to plinth_system;
