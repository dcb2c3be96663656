-- Fourteen skills, one of them in two versions and one switched off; what they did for alice and bob in the last week,
-- well and badly; and plans of theirs in every state. Once: loading the seeds again adds nothing.

insert into chat.skills (name, version, description, parameters, enabled, current, timeout_seconds, tags, metadata)
values
  ('TextSummarization', '1.0.0', 'Summarizes a text',
   '{"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}',
   true, false, 60, '{text}', '{"model": "mistral-small"}'),
  ('TextSummarization', '1.1.0', 'Summarizes a text in a given number of sentences',
   '{"type": "object", "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 100000},
     "sentences": {"type": "integer", "minimum": 1, "maximum": 20, "default": 3},
     "style": {"enum": ["plain", "bullets", "headline"]}}, "required": ["text"], "additionalProperties": false}',
   true, true, 60, '{text}', '{"model": "mistral-large"}'),
  ('CodeGeneration', '2.0.0',
    'Writes a function in a programming language from its description, with tests if asked for',
   '{"type": "object", "properties": {"language": {"enum": ["python", "sql", "typescript", "rust", "go"]},
     "task": {"type": "string", "minLength": 10, "maxLength": 4000}, "with_tests": {"type": "boolean"},
     "files": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
       "path": {"type": "string", "pattern": "^[A-Za-z0-9_./-]+$"}, "content": {"type": "string"}},
       "required": ["path", "content"], "additionalProperties": false}}},
     "required": ["language", "task"], "additionalProperties": false}',
   true, true, 180, '{code}', '{"model": "codestral"}'),
  ('EmailGenerator', '1.2.0', 'Drafts an e-mail in a tone',
   '{"type": "object", "properties": {"to": {"type": "array", "minItems": 1, "maxItems": 50, "uniqueItems": true,
       "items": {"type": "string", "format": "email", "pattern": "^[^@ ]+@[^@ ]+$"}},
     "subject": {"type": "string", "maxLength": 200}, "points": {"type": "array", "minItems": 1,
       "items": {"type": "string"}},
     "tone": {"enum": ["friendly", "formal", "short"]}}, "required": ["to", "points"], "additionalProperties": false}',
   true, true, 60, '{text,mail}', '{"model": "mistral-small"}'),
  ('Translation', '1.0.0', 'Translates a text',
   '{"type": "object", "properties": {"text": {"type": "string", "minLength": 1},
     "from": {"anyOf": [{"$ref": "#/$defs/language"}, {"type": "null"}]}, "to": {"$ref": "#/$defs/language"}},
     "required": ["text", "to"], "additionalProperties": false,
     "$defs": {"language": {"type": "string", "pattern": "^[a-z]{2}(-[A-Z]{2})?$"}}}',
   true, true, 60, '{text}', '{"model": "mistral-small"}'),
  ('SentimentAnalysis', '1.0.0', 'Tells whether texts are positive, negative or neutral',
   '{"type": "object", "properties": {"texts": {"type": "array", "minItems": 1, "maxItems": 100,
     "items": {"type": "string", "minLength": 1}}}, "required": ["texts"], "additionalProperties": false}',
   true, true, 30, '{text,analysis}', '{}'),
  ('KeywordExtraction', '1.0.0', 'Finds the words a text is about',
   '{"type": "object", "properties": {"text": {"type": "string", "minLength": 1},
     "most": {"type": "integer", "minimum": 1, "maximum": 50}}, "required": ["text"], "additionalProperties": false}',
   true, true, 30, '{text,analysis}', '{}'),
  ('WebSearch', '3.1.0', 'Searches the web and returns titles, addresses and excerpts',
   '{"type": "object", "properties": {"query": {"type": "string", "minLength": 2, "maxLength": 400},
     "results": {"type": "integer", "minimum": 1, "maximum": 25}, "since": {"type": "string", "format": "date",
       "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}, "sites": {"type": "array", "maxItems": 10, "items": {"type": "string"}}},
     "required": ["query"], "additionalProperties": false}',
   true, true, 20, '{search}', '{"rate": "60/min"}'),
  ('DocumentQA', '1.0.0', 'Answers a question from documents, and names the places it took the answer from',
   '{"type": "object", "properties": {"question": {"type": "string", "minLength": 3},
     "documents": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"oneOf": [
       {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"], "additionalProperties": false},
       {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"],
         "additionalProperties": false}]}}},
     "required": ["question", "documents"], "additionalProperties": false}',
   true, true, 120, '{search,text}', '{}'),
  ('ImageCaption', '1.0.0', 'Describes an image in a sentence',
   '{"type": "object", "properties": {"url": {"type": "string", "pattern": "^https://"},
     "language": {"type": "string", "pattern": "^[a-z]{2}$"}}, "required": ["url"], "additionalProperties": false}',
   true, true, 60, '{image}', '{}'),
  ('DataExtraction', '1.4.2', 'Takes named values out of a text',
   '{"type": "object", "properties": {"text": {"type": "string"}, "fields": {"type": "object", "minProperties": 1,
     "maxProperties": 40, "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
     "additionalProperties": {"enum": ["text", "number", "date", "boolean"]}}},
     "required": ["text", "fields"], "additionalProperties": false}',
   true, true, 60, '{text,analysis}', '{}'),
  ('CalendarEvent', '1.0.0', 'Puts an event into the calendar',
   '{"type": "object", "properties": {"title": {"type": "string", "minLength": 1, "maxLength": 200},
     "starts_at": {"type": "string", "format": "date-time"}, "minutes": {"type": "integer", "minimum": 5,
       "multipleOf": 5},
     "guests": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}},
     "required": ["title", "starts_at"], "additionalProperties": false}',
   true, true, 20, '{calendar}', '{}'),
  ('SqlQuery', '0.9.0-beta.2', 'Answers a question with a query of a read-only database',
   '{"type": "object", "properties": {"question": {"type": "string"}, "limit": {"type": "integer", "exclusiveMinimum": 0,
     "maximum": 1000}}, "required": ["question"], "additionalProperties": false}',
   false, true, 30, '{data}', '{"note": "switched off until it was reviewed"}'),
  ('MathSolver', '1.0.0', 'Solves an equation step by step',
   '{"type": "object", "properties": {"equation": {"type": "string", "minLength": 3},
     "precision": {"type": ["integer", "null"], "minimum": 1, "maximum": 30}}, "required": ["equation"],
     "additionalProperties": false}',
   true, true, 30, '{analysis}', '{}'),
  ('ContentModeration', '1.0.0', 'Tells whether a text may be shown',
   '{"type": "object", "properties": {"text": {"type": "string"}, "strict": {"type": "boolean"}}, "required": ["text"],
     "additionalProperties": false}',
   true, true, 15, '{text,safety}', '{}')
on conflict (name, version) do nothing;

-- Where the runs were cleaned away, what was counted of them goes, too.
delete from chat.unfolded_executions where not exists (select from chat.function_executions);
delete from chat.user_skill_stats where not exists (select from chat.function_executions);
delete from chat.skill_stats where not exists (select from chat.function_executions);

insert into chat.planner_executions (user_id, id, goal, status, metadata, created_at, started_at, finished_at,
  updated_at)
select ('01900000-0000-7000-8000-00000000000' || p.who)::uuid, ('01900000-0000-7000-8003-00000000000' || p.n)::uuid,
  p.goal,
       p.status, '{"demo": true}', now() - p.ago, case when p.status <> 'draft' then now() - p.ago end, now() - p.over,
       now() - coalesce(p.over, p.ago)
  from (values
    (5, 1, 'Read the news about query planners, summarize them and mail the summary to Bob', 'succeeded',
     interval '50 hours', interval '49 hours 58 minutes'),
    (5, 2, 'Translate the handbook and check the translation', 'failed', '30 hours', '29 hours 50 minutes'),
    (5, 3, 'Prepare the talk: find sources, extract keywords, draft an outline', 'draft', '3 hours', null),
    (6, 4, 'Compare three electric cars', 'running', '20 minutes', null),
    (6, 5, 'Plan a weekend in Prague', 'cancelled', '80 hours', '79 hours')) as p (who, n, goal, status, ago, over)
on conflict (user_id, id) do nothing;

insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, arguments, needs, status,
  attempts,
                                max_attempts, result, error_kind, error_message, started_at, finished_at)
select p.user_id, p.id, s.step, s.name, s.skill, k.version, s.arguments::jsonb, s.needs::integer[], s.status,
       case when s.status in ('succeeded', 'failed', 'running') then s.attempts else 0 end, 3, s.result::jsonb,
         s.kind, s.words,
       case when s.status in ('succeeded', 'failed', 'running') then p.started_at + s.step * interval '20 seconds' end,
       case when s.status not in ('pending',
         'running') then p.started_at + s.step * interval '20 seconds' + interval '9 seconds' end
  from (values
    (1, 1, 'search', 'WebSearch', '{"query": "postgresql query planner news"}', '{}', 'succeeded', 1,
     '{"pages": ["Join order for twelve tables", "Skip scan lands"]}', null, null),
    (1, 2, 'summary', 'TextSummarization', '{"text": {"$result": "search", "pointer": "/pages/1"}, "sentences": 2}',
      '{1}',
     'succeeded', 2, '"B-tree indexes can now be used without their first column."', null, null),
    (1, 3, 'mail', 'EmailGenerator', '{"to": ["bob@example.org"], "points": [{"$result": "summary"}]}', '{2}',
      'succeeded', 1,
     '{"subject": "Skip scan"}', null, null),
    (2, 1, 'translate', 'Translation', '{"text": "The handbook", "to": "de"}', '{}', 'failed', 3, null, 'rate_limited',
     'The provider allows 60 calls a minute'),
    (2, 2, 'check', 'ContentModeration', '{"text": {"$result": "translate"}}', '{1}', 'skipped', 0, null, null, null),
    (3, 1, 'sources', 'WebSearch', '{"query": "cost models of query planners", "results": 10}', '{}', 'pending', 0,
      null, null, null),
    (3, 2, 'keywords', 'KeywordExtraction', '{"text": {"$result": "sources", "pointer": "/text"}}', '{1}', 'pending',
      0, null, null,
     null),
    (4, 1, 'reach', 'WebSearch', '{"query": "electric cars range test"}', '{}', 'succeeded', 1, '{"pages": []}',
      null, null),
    (4, 2, 'price', 'WebSearch', '{"query": "electric cars prices"}', '{}', 'pending', 0, null, null, null),
    (4, 3, 'table', 'DataExtraction',
     '{"text": {"$result": "price", "pointer": "/text"}, "fields": {"model": "text", "price": "number"}}', '{1,2}',
       'pending', 0,
     null, null, null),
    (5, 1, 'train', 'WebSearch', '{"query": "train Berlin Prague"}', '{}', 'cancelled', 0, null, null, null))
    as s (plan, step, name, skill, arguments, needs, status, attempts, result, kind, words)
  join chat.planner_executions p on p.id = ('01900000-0000-7000-8003-00000000000' || s.plan)::uuid
  join chat.skills k on k.name = s.skill and k.current
on conflict (user_id, plan_id, step) do nothing;

-- Sixty runs each, of eight kinds; about one in eight failed, and some were not finished in time.
insert into chat.function_executions (user_id, id, skill_name, skill_version, status, arguments, result, error_kind,
  error_message,
                                      started_at, expires_at, finished_at)
select ('01900000-0000-7000-8000-00000000000' || w.who)::uuid, base.id_at(t.at), r.skill, k.version, t.status,
  r.arguments::jsonb,
       case when t.status = 'succeeded' then r.result::jsonb end,
       case t.status when 'failed' then r.kind when 'timed_out' then 'timed_out' end,
       case t.status when 'failed' then r.words when 'timed_out' then 'It was not finished in time' end,
       t.at, t.at + k.timeout_seconds * interval '1 second',
       t.at + case when t.status = 'timed_out' then k.timeout_seconds + 3 else r.seconds * (0.6 + n * 37 % 100 / 100.0) end
              * interval '1 second'
  from (values (5), (6)) as w (who)
 cross join generate_series(1, 60) n
  join (values
    (0, 'TextSummarization', '{"text": "Indexes cost writes and save reads.", "sentences": 1}',
      '"Indexes trade writes for reads."',
     2.1, 'rate_limited', 'The provider allows 60 calls a minute'),
    (1, 'CodeGeneration', '{"language": "sql", "task": "The median of a column, by group", "with_tests": true}',
     '{"code": "select g, percentile_cont(0.5) within group (order by x) from t group by g"}', 14.0, 'model_error',
     'The answer held no code'),
    (2, 'EmailGenerator', '{"to": ["carol@example.org"], "points": ["the meeting moves to Monday"], "tone": "short"}',
     '{"subject": "Monday instead", "body": "The meeting moves to Monday."}', 3.2, 'rate_limited',
     'The provider allows 60 calls a minute'),
    (3, 'Translation', '{"text": "Guten Morgen", "from": "de", "to": "en"}', '{"text": "Good morning"}', 0.8,
      'model_error',
     'The answer was empty'),
    (4, 'WebSearch', '{"query": "postgres skip scan", "results": 5}', '{"pages": ["Skip scan lands"]}', 0.4,
      'unreachable',
     'The search service did not answer'),
    (5, 'SentimentAnalysis', '{"texts": ["I like it", "It broke again"]}', '["positive", "negative"]', 0.3,
      'model_error',
     'The answer was no list'),
    (6, 'DocumentQA', '{"question": "Who owns the table?", "documents": [{"id": "handbook"}]}',
     '{"answer": "plinth_owner", "from": ["handbook"]}', 6.5, 'not_found', 'There is no document handbook'),
    (7, 'MathSolver', '{"equation": "x^2 = 2", "precision": 5}', '{"x": [-1.41421, 1.41421]}', 0.1, 'no_solution',
     'It has none')) as r (turn, skill, arguments, result, seconds, kind, words) on r.turn = n % 8
  join chat.skills k on k.name = r.skill and k.current
 cross join lateral (
   select date_trunc('milliseconds', now()) - (n * 2 + w.who) * interval '71 minutes' - interval '10 minutes' as at,
          case when n % 29 = 0 then 'timed_out' when n % 31 = 0 then 'cancelled' when (n + w.who) % 7 = 0 then 'failed'
               else 'succeeded' end as status) t
 where not exists (select from chat.function_executions e
                    where e.user_id = '01900000-0000-7000-8000-000000000005' and e.skill_name = 'MathSolver'
                      and e.plan_id is null);

-- Those of the plans, which the steps name.
with run as (
  insert into chat.function_executions (user_id, id, skill_name, skill_version, status, plan_id, step, attempt,
    arguments, result,
                                        error_kind, error_message, started_at, expires_at, finished_at)
  select s.user_id, base.id_at(s.started_at - (s.attempts - a) * interval '10 seconds'), s.skill_name, s.skill_version,
         case when a < s.attempts then 'failed' else s.status end, s.plan_id, s.step, a, s.arguments,
         case when a = s.attempts then s.result end,
         case when a < s.attempts or s.status = 'failed' then coalesce(s.error_kind, 'model_error') end,
         case when a < s.attempts or s.status = 'failed' then coalesce(s.error_message, 'The answer was empty') end,
         s.started_at - (s.attempts - a) * interval '10 seconds', s.started_at + interval '1 minute',
         s.finished_at - (s.attempts - a) * interval '10 seconds'
    from chat.planner_steps s
   cross join generate_series(1, s.attempts) a
   where s.plan_id between '01900000-0000-7000-8003-000000000001' and '01900000-0000-7000-8003-000000000005'
     and s.execution_id is null and s.status in ('succeeded', 'failed')
  returning user_id, id, plan_id, step, attempt
)
update chat.planner_steps s set execution_id = r.id
  from run r
 where s.user_id = r.user_id and s.plan_id = r.plan_id and s.step = r.step and s.attempts = r.attempt;
