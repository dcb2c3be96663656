-- Quotas of the six accounts: tokens of models a day, in place of those of the tier. Requests are as the tier has them;
-- the administrator has no limit at all.
insert into ops.user_quotas (user_id, requests_per_minute, requests_per_hour, requests_per_day, tokens_per_day)
values
  ('01900000-0000-7000-8000-000000000001', 0, 0, 0, 0),
  ('01900000-0000-7000-8000-000000000002', null, null, null, 5000000),
  ('01900000-0000-7000-8000-000000000003', null, null, null, 200000),
  ('01900000-0000-7000-8000-000000000004', null, null, null, 10000),
  ('01900000-0000-7000-8000-000000000005', null, null, null, 2000000),
  ('01900000-0000-7000-8000-000000000006', null, null, null, 500000)
on conflict (user_id) do nothing;
