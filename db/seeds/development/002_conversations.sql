-- Conversations of alice and bob: one archived, one with calls of a tool, a branch, an edited message, a pinned one, a
-- summary. Written as an import would: each has a name, so loading the seeds again adds nothing. Times are told as how
-- long ago they were.

select u.username, i.*
  from (values
    ('alice', jsonb '[
      {"type": "conversation", "client_id": "seed-alice-1", "title": "Trip to Lisbon", "model": "gpt-4o-mini",
       "metadata": {"topic": "travel"}, "context": {"currency": "EUR"}, "created_at": "3 days 2 hours"},
      {"type": "message", "client_id": "seed-alice-1-1", "conversation": "seed-alice-1", "role": "system",
       "content": "You plan trips. Keep answers short.", "prompt_tokens": 9, "created_at": "3 days 2 hours"},
      {"type": "message", "client_id": "seed-alice-1-2", "conversation": "seed-alice-1", "role": "user", "pinned": true,
       "content": "Three days in Lisbon in March, two adults, no car. We like tiles, fish and long walks.",
       "prompt_tokens": 24, "created_at": "3 days 1 hour 59 minutes"},
      {"type": "message", "client_id": "seed-alice-1-3", "conversation": "seed-alice-1", "role": "assistant",
       "content": "Day 1: Alfama on foot and the tile museum. Day 2: Belém by tram 15. Day 3: the ferry to Cacilhas for fish.",
       "model": "gpt-4o-mini", "prompt_tokens": 33, "completion_tokens": 31, "created_at": "3 days 1 hour 58 minutes"},
      {"type": "message", "client_id": "seed-alice-1-4", "conversation": "seed-alice-1", "role": "user",
       "content": "What if it rains on day 2?", "prompt_tokens": 8, "created_at": "3 days 1 hour 50 minutes"},
      {"type": "message", "client_id": "seed-alice-1-5", "conversation": "seed-alice-1", "role": "assistant",
       "content": "Swap it with the Gulbenkian museum; its garden cafe is covered.", "model": "gpt-4o-mini",
       "prompt_tokens": 72, "completion_tokens": 15, "created_at": "3 days 1 hour 49 minutes"},
      {"type": "summary", "conversation": "seed-alice-1", "until": "seed-alice-1-3",
       "summary": "Three days in Lisbon without a car: Alfama and tiles, Belém, Cacilhas."},

      {"type": "conversation", "client_id": "seed-alice-2", "title": "Weather by tool", "model": "mistral-large",
       "metadata": {"topic": "tools"}, "created_at": "2 days 5 hours"},
      {"type": "message", "client_id": "seed-alice-2-1", "conversation": "seed-alice-2", "role": "user",
       "content": "Do I need an umbrella in Lisbon or in Porto tomorrow?", "created_at": "2 days 5 hours"},
      {"type": "message", "client_id": "seed-alice-2-2", "conversation": "seed-alice-2", "role": "assistant",
       "tool_calls": [{"id": "call_1", "type": "function",
                       "function": {"name": "get_weather", "arguments": "{\"city\": \"Lisbon\"}"}},
                      {"id": "call_2", "type": "function",
                       "function": {"name": "get_weather", "arguments": "{\"city\": \"Porto\"}"}}],
       "model": "mistral-large", "prompt_tokens": 58, "completion_tokens": 36, "created_at": "2 days 4 hours 59 minutes"},
      {"type": "message", "client_id": "seed-alice-2-3", "conversation": "seed-alice-2", "role": "tool",
       "tool_call_id": "call_1", "content": "{\"rain\": 0.1, \"high\": 19}", "created_at": "2 days 4 hours 59 minutes"},
      {"type": "message", "client_id": "seed-alice-2-4", "conversation": "seed-alice-2", "role": "tool",
       "tool_call_id": "call_2", "content": "{\"rain\": 0.8, \"high\": 16}", "created_at": "2 days 4 hours 59 minutes"},
      {"type": "message", "client_id": "seed-alice-2-5", "conversation": "seed-alice-2", "role": "assistant",
       "content": "In Porto, yes: rain is likely. Lisbon stays dry.", "model": "mistral-large", "prompt_tokens": 121,
       "completion_tokens": 13, "created_at": "2 days 4 hours 58 minutes"},

      {"type": "conversation", "client_id": "seed-alice-3", "title": "Names for a cat", "model": "gpt-4o-mini",
       "metadata": {"topic": "home"}, "created_at": "1 day 3 hours"},
      {"type": "message", "client_id": "seed-alice-3-1", "conversation": "seed-alice-3", "role": "user",
       "content": "Five names for a grey cat, please.", "created_at": "1 day 3 hours", "edited_at": "1 day 2 hours",
       "version": 2},
      {"type": "edit", "message": "seed-alice-3-1", "version": 1, "content": "Five names for a gray cat.",
       "written_at": "1 day 3 hours", "edited_at": "1 day 2 hours"},
      {"type": "message", "client_id": "seed-alice-3-2", "conversation": "seed-alice-3", "role": "assistant",
       "content": "Ash, Pewter, Slate, Misty, Flint.", "model": "gpt-4o-mini", "prompt_tokens": 12,
       "completion_tokens": 14, "created_at": "1 day 2 hours 59 minutes"},
      {"type": "message", "client_id": "seed-alice-3-3", "conversation": "seed-alice-3", "parent": "seed-alice-3-1",
       "role": "assistant", "content": "Nimbus, Sterling, Wren, Pebble, Juniper.", "model": "mistral-large",
       "prompt_tokens": 12, "completion_tokens": 16, "created_at": "1 day 2 hours 50 minutes"},
      {"type": "message", "client_id": "seed-alice-3-4", "conversation": "seed-alice-3", "parent": "seed-alice-3-3",
       "role": "user", "content": "Pebble it is!", "created_at": "1 day 2 hours 45 minutes"},

      {"type": "conversation", "client_id": "seed-alice-4", "title": "Tax questions of last year", "status": "archived",
       "model": "gpt-4o-mini", "metadata": {"topic": "money", "year": 2025}, "created_at": "210 days"},
      {"type": "message", "client_id": "seed-alice-4-1", "conversation": "seed-alice-4", "role": "user",
       "content": "Can I deduct a desk for working at home?", "created_at": "210 days"},
      {"type": "message", "client_id": "seed-alice-4-2", "conversation": "seed-alice-4", "role": "assistant",
       "content": "Often yes, as far as you use it for work; keep the receipt and ask your tax office about the limit.",
       "model": "gpt-4o-mini", "prompt_tokens": 15, "completion_tokens": 27, "created_at": "209 days 23 hours"}
    ]'),
    ('bob', '[
      {"type": "conversation", "client_id": "seed-bob-1", "title": "A slow query", "model": "mistral-large",
       "metadata": {"topic": "work"}, "created_at": "20 hours"},
      {"type": "message", "client_id": "seed-bob-1-1", "conversation": "seed-bob-1", "role": "user",
       "content": "A query with ORDER BY created_at DESC LIMIT 20 takes two seconds on five million rows. Why?",
       "created_at": "20 hours"},
      {"type": "message", "client_id": "seed-bob-1-2", "conversation": "seed-bob-1", "role": "assistant",
       "content": "Most likely every row is read and sorted. An index on (user_id, created_at) lets PostgreSQL stop after 20.",
       "model": "mistral-large", "prompt_tokens": 27, "completion_tokens": 34, "created_at": "19 hours 59 minutes"},
      {"type": "message", "client_id": "seed-bob-1-3", "conversation": "seed-bob-1", "role": "user",
       "content": "Now it takes 0.2 ms. Thank you!", "created_at": "19 hours 30 minutes"},

      {"type": "conversation", "client_id": "seed-bob-2", "title": "Ein Brief", "model": "gpt-4o-mini", "language": "german",
       "metadata": {"topic": "letters"}, "created_at": "6 hours"},
      {"type": "message", "client_id": "seed-bob-2-1", "conversation": "seed-bob-2", "role": "user",
       "content": "Schreibe eine kurze Kündigung für mein Fitnessstudio.", "created_at": "6 hours"},
      {"type": "message", "client_id": "seed-bob-2-2", "conversation": "seed-bob-2", "role": "assistant",
       "content": "Sehr geehrte Damen und Herren, hiermit kündige ich meine Mitgliedschaft zum nächstmöglichen Zeitpunkt.",
       "model": "gpt-4o-mini", "prompt_tokens": 16, "completion_tokens": 26, "created_at": "5 hours 59 minutes"}
    ]')) as s (username, lines)
  join auth.users u on u.username = s.username
 cross join lateral (
   select jsonb_agg(t.line order by l.n) as lines
     from jsonb_array_elements(s.lines) with ordinality as l (line, n)
    cross join lateral (
      select jsonb_object_agg(e.key, case when e.key in ('created_at', 'edited_at', 'written_at')
               then to_jsonb(date_trunc('minute', now()) - (e.value #>> '{}')::interval) else e.value end) as line
        from jsonb_each(l.line) e) t) h
 cross join lateral api.import_conversations(u.id, h.lines) i;
