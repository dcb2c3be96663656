-- core.clean_attempts: removes attempts that count no more; a job. What is counted does not depend on it.
--
-- Locks   the rows it removes, and skips those that somebody holds
create or replace function core.clean_attempts(p_limit integer)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows integer;
begin
  delete from auth.attempts a
   where a.ctid = any (array(
           select o.ctid from auth.attempts o
            where o.forget_at <= now()
            order by o.forget_at
            limit p_limit
              for update skip locked));
  get diagnostics v_rows = row_count;
  return v_rows;
end
$$;

comment on function core.clean_attempts(integer) is 'Removes attempts that count no more';
select http.schedule('core.clean_attempts', every => '10 minutes');
