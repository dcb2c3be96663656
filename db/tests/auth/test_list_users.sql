-- api.list_users: filters, search, order and pages; the plans behind them are in tests/identity.
begin;
select plan(44);

select is(pg_get_function_arguments('api.list_users'::regproc),
  'p_search text DEFAULT NULL::text, p_status text DEFAULT NULL::text, p_tier text DEFAULT NULL::text, p_role '
  'text DEFAULT NULL::text, p_email_verified boolean DEFAULT NULL::boolean, p_created_from timestamp with time '
  'zone DEFAULT NULL::timestamp with time zone, p_created_to timestamp with time zone DEFAULT NULL::timestamp '
  'with time zone, p_sort text DEFAULT ''-created_at''::text, p_after text DEFAULT NULL::text, p_limit integer '
  'DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_users'::regproc),
  'TABLE(id uuid, username text, email text, email_verified boolean, full_name text, status text, tier text, '
  'roles text[], two_factor_enabled boolean, last_login_at timestamp with time zone, login_count integer, '
  'created_at timestamp with time zone, updated_at timestamp with time zone, deleted_at timestamp with time '
  'zone, version integer, cursor text)', 'result');
select volatility_is('api', 'list_users',
  array['text', 'text', 'text', 'text', 'boolean',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text', 'integer'], 'stable');
select is_definer('api', 'list_users',
  array['text', 'text', 'text', 'text', 'boolean',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text', 'integer']);
select function_owner_is('api', 'list_users',
  array['text', 'text', 'text', 'text', 'boolean',
        'timestamp with time zone', 'timestamp with time zone', 'text', 'text', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}', 'search path') from pg_proc p
 where p.oid = 'api.list_users'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_users'::regproc;

insert into auth.users (id, username, email, full_name, status, tier, email_verified, created_at, last_login_at) values
  ('019e0000-0000-7000-8000-00000000ee01', 'tap_page_anna', 'first@tap-page.example', 'Anna Ünal', 'active', 'pro', true,
   '2001-01-01 00:00:00.000001+00', '2020-01-02'),
  ('019e0000-0000-7000-8000-00000000ee02', 'Tap_page_ben', 'second@tap-page.example', '100% Ben', 'suspended', 'free', false,
   '2001-01-01 00:00:00.000002+00', null),
  ('019e0000-0000-7000-8000-00000000ee03', 'tap_page_cora', 'third@tap-page.example', null, 'active', 'free', true,
   '2001-01-01 00:00:00.000002+00', '2020-01-01'),
  ('019e0000-0000-7000-8000-00000000ee04', 'tap_page_dora', 'fourth@tap-page.example', null, 'erased', 'free', true,
    '2001-01-02+00', null);
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000ee01', 'developer');
create function pg_temp.listed(p_filters jsonb default '{}', p_after text default null, p_limit integer default 50)
returns text[]
language sql volatile
as $$
  select array_agg(right(u.id::text, 1) order by u.n)
    from (select l.*, row_number() over () as n
            from api.list_users(p_filters ->> 'search', p_filters ->> 'status', p_filters ->> 'tier', p_filters ->> 'role',
              (p_filters ->> 'verified')::boolean, coalesce((p_filters ->> 'from')::timestamptz, '2001-01-01+00'),
              coalesce((p_filters ->> 'to')::timestamptz, '2001-02-01+00'), coalesce(p_filters ->> 'sort', '-created_at'),
              p_after, p_limit) l) u
$$;
set session authorization plinth_web;
select throws_ok('select api.list_users()', 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
select throws_ok('select api.list_users()', 'NP001', 'This needs the permission users:read', 'permission missing');
reset session authorization;
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is(pg_temp.listed(f.filters::jsonb), f.found::text[], f.filters)
  from (values (1, '{}', '{3,2,1}'), (2, '{"sort": "created_at"}', '{1,2,3}'), (3, '{"sort": "username"}', '{1,2,3}'),
               (4, '{"sort": "-username"}', '{3,2,1}'), (5, '{"sort": "last_login_at"}', '{2,3,1}'),
               (6, '{"sort": "-last_login_at"}', '{1,3,2}'), (7, '{"status": "suspended"}', '{2}'),
               (8, '{"status": "erased"}', '{4}'), (9, '{"tier": "pro"}', '{1}'), (10, '{"role": "developer"}', '{1}'),
               (11, '{"verified": false}', '{2}'), (12, '{"from": "2001-01-01 00:00:00.000002+00"}', '{3,2}'),
               (13, '{"to": "2001-01-01 00:00:00.000002+00"}', '{1}'), (14, '{"search": "PAGE_b"}', '{2}'),
               (15, '{"search": "tap-page.EXAMPLE"}', '{3,2,1}'), (16, '{"search": "na ünal"}', '{1}'),
               (17, '{"search": "100%"}', '{2}'), (18, '{"search": "tap%page"}', null), (19, '{"search": "tap_page_nobody"}', null),
               (20, '{"search": "second", "verified": true}', null), (21, '{"role": "nobody"}', null)) as f (n, filters, found)
 order by f.n;

-- Page by page, every order gives what it gives at once.
create function pg_temp.page_by_page(p_sort text) returns text[] language plpgsql as $$
declare
  v_after text;
  v_id    uuid;
  v_all   text[] := '{}';
begin
  loop
    select l.id, l.cursor into v_id, v_after
      from api.list_users(p_created_from => '2001-01-01+00', p_created_to => '2001-02-01+00', p_sort => p_sort, p_after => v_after,
                          p_limit => 1) l;
    exit when not found;
    v_all := v_all || right(v_id::text, 1);
  end loop;
  return v_all;
end
$$;
select is(pg_temp.page_by_page(s), pg_temp.listed(jsonb_build_object('sort', s)), 'page by page by ' || s)
  from unnest(array['created_at', '-created_at', 'username', '-username', 'last_login_at', '-last_login_at']) as s;
select throws_ok($$ select api.list_users('ab') $$, 'VL001',
  'search must have three letters or digits in a row, and at most 100 characters', 'a search too short');
select throws_ok($$ select api.list_users('a@b.c-d') $$, 'VL001', null, 'one that no index knows');
select throws_ok($$ select api.list_users(repeat('abc', 34)) $$, 'VL001', null, 'one too long');
select throws_ok($$ select api.list_users(p_status => 'odd') $$, 'VL001', 'status must be active, suspended, deleted or erased',
                 'status');
select throws_ok($$ select api.list_users(p_sort => 'email') $$, 'VL001', null, 'sort');
select throws_ok($$ select api.list_users(p_sort => null) $$, 'VL001', null, 'no sort');
select throws_ok($$ select api.list_users(p_after => 'x') $$, 'VL001',
  'after must be the "next" of an earlier answer with the same sort', 'a place that is none');
select throws_ok($$ select api.list_users(p_sort => 'created_at', p_after => 'anna~019e0000-0000-7000-8000-00000000ee01') $$,
                 'VL001', null,
                 'one of another order');
reset session authorization;

select * from finish();
rollback;
