-- What the demo accounts used within the last seven days: calls, models, tokens and costs; what they used of their
-- limits; and a few lines in the audit trail. Once: loading the seeds again adds nothing.

select core.add_usage(array(
  select row(
           w.user_id,
           overlay(base.new_id()::text placing left(base.first_id(t.at)::text, 13) from 1)::uuid,
           t.at, null, c.method, c.route, c.status, c.duration_us + n * 137 % 900, 'seed-' || n, c.cache, c.model,
           c.tokens_in + n * 31 % 400, c.tokens_out + n * 17 % 200,
           round((c.tokens_in + n * 31 % 400) * c.price + (c.tokens_out + n * 17 % 200) * 4 * c.price, 9))::ops.api_usage
    from generate_series(0, 209) n
    join (values
           (0, 'GET',   '/v1/me',            200::smallint, 700,  'hit',      '',                      null, null, null),
           (1, 'GET',   '/v1/me',            200,           2300, 'miss',     '',                      null, null, null),
           (2, 'PATCH', '/v1/me',            200,           5200, null,       '',                      null, null, null),
           (3, 'GET',   '/v1/sessions',      200,           1900, null,       '',                      null, null, null),
           (4, 'GET',   '/v1/users',         403,           1400, null,       '',                      null, null, null),
           (5, 'POST',  '/v1/usage',         201,           4100, null,       '',                      null, null, null),
           (6, 'POST',  '/v1/usage',         null,          null, null,       'mistral-large',         900,  300,  0.000003),
           (7, 'POST',  '/v1/usage',         null,          null, null,       'gpt-4o-mini',           1500, 420,  0.00000015),
           (8, 'GET',   '/v1/me/preferences', 304,          600,  'hit',      '',                      null, null, null),
           (9, 'POST',  '/v1/usage',         422,           900,  null,       '',                      null, null, null)
         ) c (turn, method, route, status, duration_us, cache, model, tokens_in, tokens_out, price)
      on c.turn = n % 10
    join (values
           (0, '01900000-0000-7000-8000-000000000005'::uuid),
           (1, '01900000-0000-7000-8000-000000000006'),
           (2, '01900000-0000-7000-8000-000000000005'),
           (3, '01900000-0000-7000-8000-000000000002'),
           (4, '01900000-0000-7000-8000-000000000003')
         ) w (turn, user_id)
      on w.turn = n / 10 % 5
   cross join lateral (select date_trunc('milliseconds', now()) - n * interval '47 minutes 11 seconds' as at) t))
 where not exists (
   select from ops.api_usage u where u.user_id = '01900000-0000-7000-8000-000000000005' and u.request_id like 'seed-%');

select api.increment_rate_limit(u.id, 7, 2400)
  from auth.users u
 where u.username in ('alice', 'bob', 'developer')
   and not exists (select from ops.rate_limit_tracking t where t.subject = 'user:' || u.id)
 order by u.id;

select ops.write_audit('demo.prepared', 'auth.users', u.id::text, u.id, '{"note": {"after": "a demo account"}}')
  from auth.users u
 where u.id between '01900000-0000-7000-8000-000000000001' and '01900000-0000-7000-8000-000000000006'
   and not exists (select from ops.audit_logs l where l.user_id = u.id and l.action = 'demo.prepared')
 order by u.id;
