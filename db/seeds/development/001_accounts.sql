-- The six accounts everybody who tries Plinth signs in with. Development only: the hashes are public, so production
-- refuses to start while one of them exists (http.check_server_role knows them by their salt).
--
--   admin     Admin@123   administrator        readonly  Dev@12345   readonly
--   developer Dev@12345   developer            alice     Dev@12345   user
--   testuser  Dev@12345   user                 bob       Dev@12345   developer

insert into auth.users (id, username, email, password_hash, full_name, tier, email_verified)
values
  ('01900000-0000-7000-8000-000000000001', 'admin', 'admin@example.org',
   '$2a$12$plinthseedsadmin00000uJsrT3WVQN//6UaYHCSFXpFcURYDjhoq', 'Ada Admin', 'enterprise', true),
  ('01900000-0000-7000-8000-000000000002', 'developer', 'developer@example.org',
   '$2a$12$plinthseedsdeveloper0u/PU2/vW3RbVxMeRCiP5PO6FeLjuDUge', 'Dev Eloper', 'pro', true),
  ('01900000-0000-7000-8000-000000000003', 'testuser', 'testuser@example.org',
   '$2a$12$plinthseedstestuser00urxhuczg5T6AWfZbjL4fqSUshSD56SeC', 'Tess Tuser', 'free', true),
  ('01900000-0000-7000-8000-000000000004', 'readonly', 'readonly@example.org',
   '$2a$12$plinthseedsreadonly00ui4e3H2Mw7o6JAR8Yw8nrICi/Oa0K94q', 'Rea Donly', 'free', true),
  ('01900000-0000-7000-8000-000000000005', 'alice', 'alice@example.org',
   '$2a$12$plinthseedsalice00000uorJ0z9B3Z9lqm9lQ4L4iEEVlGNNq5rm', 'Alice Archer', 'pro', true),
  ('01900000-0000-7000-8000-000000000006', 'bob', 'bob@example.org',
   '$2a$12$plinthseedsbob0000000ubrBmk9H3nOSUnU7aq9ZR/EJ08YEnytS', 'Bob Baker', 'free', true)
on conflict (id) do nothing;

insert into auth.user_roles (user_id, role)
values
  ('01900000-0000-7000-8000-000000000001', 'administrator'),
  ('01900000-0000-7000-8000-000000000002', 'developer'),
  ('01900000-0000-7000-8000-000000000003', 'user'),
  ('01900000-0000-7000-8000-000000000004', 'readonly'),
  ('01900000-0000-7000-8000-000000000005', 'user'),
  ('01900000-0000-7000-8000-000000000006', 'developer')
on conflict (user_id, role) do nothing;
