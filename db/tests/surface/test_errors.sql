-- The error table against the code: every code that is raised has its row, and reads as its class says.
begin;
set local search_path = tap, pg_catalog;
select plan(6);

create function pg_temp.raised() returns table (function text, code text) language sql as $$
  select distinct p.oid::regprocedure::text, m.word[2]
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace and n.nspowner = 'plinth_owner'::regrole
   cross join lateral regexp_matches(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc),
     '(base\.raise|core\.keep_failure)\(\s*''([0-9A-Z]{5})''', 'g') as m (word)
$$;

create function pg_temp.unknown() returns setof text language sql as $$
  select format('%s raises %s', r.function, r.code) from pg_temp.raised() r
   where not exists (select from base.errors e where r.code like e.code || '%')
$$;

select isnt_empty('select from pg_temp.raised()', 'functions raise');
select is_empty('select pg_temp.unknown()', 'every code that is raised has its row');
select is_empty(
  $$ select code, http_status from base.errors e
      join (values ('UN', 401), ('NP', 403), ('NF', 404), ('KC', 409), ('VL', 422), ('RL', 429)) c (class, status)
        on e.code ~ ('^' || c.class || '[0-9]{3}$')
     where e.http_status <> c.status and e.code not in ('NF405') $$,
  'the class of a code is its HTTP status');
select is_empty(
  $$ select code from base.errors where http_status in (429, 503) and retry_after is null $$,
  'who is told to wait is told how long');
select is_empty(
  $$ select code from base.errors where title !~ '^[A-Z]' or description !~ '\.$' $$,
  'titles and sentences read as such');

create function core.planted() returns void language plpgsql as $$ begin perform base.raise('ZZ999', 'x'); end $$;
select results_eq('select pg_temp.unknown()', array['core.planted() raises ZZ999'], 'an unknown code is found');

select * from finish();
rollback;
