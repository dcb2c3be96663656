-- auth.tg_roles__check_permissions: a role holds permissions that exist, whoever writes it.
begin;
select plan(8);

create function pg_temp.role_with(p_permissions jsonb) returns text language sql as $$
  select format('insert into auth.roles (name, description, permissions) values (%L, %L, %L)', 'tap_perm', 'x', p_permissions)
$$;
select throws_ok(pg_temp.role_with('["users:raed"]'), 'VL001', 'There is no permission users:raed', 'a typo');
select throws_ok(pg_temp.role_with('["users:read", 7]'), 'VL001', 'There is no permission 7', 'a number');
select throws_ok(pg_temp.role_with('[null]'), 'VL001', 'There is no permission null', 'a null');
select throws_ok(pg_temp.role_with('[["users:read"]]'), 'VL001', null, 'a list in the list');
select throws_ok(pg_temp.role_with('{"users:read": true}'), null, null, 'an object');
select lives_ok(pg_temp.role_with('["users:read", "*"]'), 'permissions and the star');
select throws_ok($$ update auth.roles set permissions = '["nothing:real"]' where name = 'tap_perm' $$,
                 'VL001', null, 'a change is checked as well');
select is_empty(
  $$ select r.name, p.item from auth.roles r cross join lateral jsonb_array_elements_text(r.permissions) p (item)
      where p.item <> '*' and not exists (select from auth.permissions k where k.name = p.item) $$,
  'so no role holds what does not exist');

select * from finish();
rollback;
