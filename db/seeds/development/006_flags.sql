-- Feature flags to look at: one on, one off, one for a quarter of the users, one with variants, one with a schedule,
-- one for some roles and tiers, and one that needs another.

insert into ops.flags (key, description, enabled, percentage, rules, variants, off_value, starts_at, ends_at)
values
  ('dark_mode', 'The dark theme', true, 100, '[]', '[]', 'false', null, null),
  ('voice_input', 'Speaking instead of typing', false, 100, '[]', '[]', 'false', null, null),
  ('semantic_search', 'Search by meaning', true, 25, '[]', '[]', 'false', null, null),
  ('onboarding', 'Which welcome a new user sees', true, 100, '[]',
   '[{"name": "tour", "weight": 50, "value": {"steps": 5}}, {"name": "video", "weight": 30, "value": {"seconds": 90}},
     {"name": "plain", "weight": 20, "value": {}}]', '{}', null, null),
  ('winter_theme', 'Snow, in December', true, 100, '[]', '[]', 'false', '2026-12-01', '2027-01-01'),
  ('long_context', 'Conversations without a limit', true, 0,
   '[{"tiers": ["enterprise"], "description": "included"},
     {"roles": ["developer"], "percentage": 50, "description": "trial"}]',
   '[]', 'false', null, null)
on conflict (key) do nothing;

-- Not where somebody put away what it needs.
insert into ops.flags (key, description, enabled, prerequisites)
select 'search_answers', 'Answers above the hits; needs the search by meaning', true, '{semantic_search}'
 where exists (select from ops.flags f where f.key = 'semantic_search' and f.archived_at is null)
on conflict (key) do nothing;
