-- Fills every table that grows with use with more than 10,000 rows, 40 of them alice's, and takes statistics.
-- Triggers and foreign keys rest meanwhile; a table that is missing here fails the test that runs this.
begin;
set local session_replication_role = replica;
set local search_path = pg_catalog;

create function pg_temp.user_of(p_n integer) returns uuid language sql immutable as $$
  select case when p_n <= 40 then '01900000-0000-7000-8000-000000000005'
              else '01900000-0000-7000-9000-' || lpad(p_n::text, 12, '0') end::uuid
$$;
create function pg_temp.digest_of(p_what text, p_n integer) returns bytea language sql immutable as $$
  select sha256(convert_to(p_what || p_n, 'UTF8'))
$$;
-- yesterday: whatever the clock says, one part is large of a table with a part for each day or month.
create temp view many as
  select n, pg_temp.user_of(n) as user_id, base.new_id() as id, now() - n * interval '7 minutes' as at,
         date_trunc('day', now(), 'UTC') - n * interval '1 second' as yesterday
    from generate_series(1, 12000) n;

insert into auth.users (id, username, email, full_name, tier, roles, created_at, last_login_at, status, deleted_at, erase_after)
select user_id, 'user' || n, 'user' || n || '@example.org', 'User Number ' || n, 'free', '{user}', at, at,
       case when n % 50 = 0 then 'deleted' else 'active' end, case when n % 50 = 0 then at end,
       case when n % 50 = 0 then now() + interval '30 days' - n * interval '1 minute' end
  from many where n > 40;
insert into auth.logins (login, kind, user_id)
select 'user' || n, 'username', user_id from many where n > 40
union all select 'user' || n || '@example.org', 'email', user_id from many where n > 40;
insert into auth.user_roles (user_id, role) select user_id, 'user' from many where n > 40;
insert into auth.user_preferences (user_id, preferences) select user_id, '{"theme": "dark"}' from many where n > 40;
insert into auth.erasures (user_id, reason, logins, tried_at) select user_id, 'asked for', '{}', at from many where n > 40;

-- One in ten sessions lives; the others ended or ran out.
insert into auth.sessions (user_id, id, token_hash, refresh_hash, created_at, last_seen_at, expires_at, refresh_expires_at,
                           ended_at, end_reason)
select user_id, id, pg_temp.digest_of('token', n), pg_temp.digest_of('refresh', n), at, at,
       at + interval '15 minutes', at + interval '30 days',
       case when n % 10 <> 0 then at end, case when n % 10 <> 0 then 'signed out' end
  from many;
insert into auth.spent_refresh_tokens (user_id, token_hash, session_id, spent_at)
select s.user_id, s.refresh_hash, s.id, s.created_at from auth.sessions s;
insert into auth.attempts (kind, subject, address, failures, began_at, forget_at)
select 'password', pg_temp.digest_of('subject', n), pg_temp.digest_of('address', n), n % 7, at, now() + interval '1 day'
  from many;
insert into auth.one_time_tokens (user_id, id, kind, token_hash, created_at, expires_at, used_at)
select user_id, id, 'verify_email', pg_temp.digest_of('link', n), at, at + interval '1 day',
       case when n % 10 <> 0 then at end
  from many;
insert into auth.totp (user_id, secret_encrypted) select user_id, pg_temp.digest_of('totp', n) from many where n > 40;
insert into auth.recovery_codes (user_id, code_hash) select user_id, pg_temp.digest_of('code', n) from many;

insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, created_at, last_used_at, revoked_at, revoke_reason)
select user_id, id, 'key ' || n, 'plk_' || n, pg_temp.digest_of('key', n), '{self:read}', at, at,
       case when n % 10 <> 0 then at end, case when n % 10 <> 0 then 'unused' end
  from many;
insert into auth.provider_keys (user_id, id, provider, name, secret_encrypted, last_four, fingerprint)
select user_id, id, 'example', 'key ' || n, decode(repeat('ab', 80), 'hex'), 'abcd', 'fingerprint ' || n from many;

insert into auth.teams (id, name, created_by) select id, 'Team ' || n, user_id from many;
insert into auth.team_members (team_id, user_id, role, joined_at)
select t.id, t.created_by, 'owner', now() from auth.teams t
union all select t.id, pg_temp.user_of(40 + ordinal), 'member', now()
            from (select id, row_number() over ()::integer as ordinal from auth.teams) t where ordinal < 11000;
insert into auth.team_invitations (team_id, id, email, invited_by, expires_at)
select t.id, base.new_id(), 'guest' || row_number() over () || '@example.org', t.created_by, now() + interval '7 days'
  from auth.teams t;
insert into auth.grants (user_id, id, resource_type, resource_id, subject_user_id, permitted)
select user_id, id, 'conversation', gen_random_uuid(), pg_temp.user_of(n + 41), 'read' from many;

insert into ops.audit_logs (id, occurred_at, actor_id, user_id, action, entity_type, entity_id)
select id, now(), user_id, user_id, case when n % 3 = 0 then 'update' else 'insert' end, 'auth.users', user_id::text
  from many;
insert into ops.audit_details (audit_id, user_id, request_id, difference)
select l.id, l.user_id, 'r' || l.id, jsonb_build_object('bio', jsonb_build_object('after', l.id)) from ops.audit_logs l
on conflict do nothing;
insert into ops.audit_unsealed (audit_id) select l.id from ops.audit_logs l on conflict do nothing;
insert into ops.audit_erasures (audit_id, user_id, reason, key_id, digest)
select l.id, l.user_id, 'asked for', 'key', pg_temp.digest_of('erasure', 0) from ops.audit_logs l on conflict do nothing;
insert into ops.audit_seals (seq, key_id, previous, audit_ids, digests, digest)
select n, 'key', pg_temp.digest_of('seal', n - 1), array[id], array[pg_temp.digest_of('row', n)], pg_temp.digest_of('seal', n)
  from many;
insert into ops.outbox (user_id, id, kind, language, address, created_at, sent_at)
select user_id, id, 'verify_email', 'en', 'user' || n || '@example.org', at, case when n % 100 <> 0 then at end from many;

insert into ops.flags (key, salt, version) select 'flag' || n, 'salt', 200 from many where n <= 100;
insert into ops.flag_history (key, version, valid_from, definition)
select 'flag' || n % 100 + 1, n / 100 + 1, at, '{}' from many;

insert into ops.user_quotas (user_id, requests_per_minute) select user_id, 60 from many where n > 40;
insert into ops.rate_limit_tracking (subject, user_id) select 'user:' || user_id, user_id from many where n > 40;
insert into ops.idempotency_keys (user_id, function_name, key, status, answer_encrypted, tags, created_at, expires_at)
select user_id, 'api.create_team', 'a key of mine ' || n, 201, pg_temp.digest_of('answer', n), '{}', at,
       at + interval '90 days'
  from many;
insert into ops.api_usage (user_id, id, at, method, route, status, duration_us)
select user_id, base.first_id(yesterday), yesterday, 'GET', '/v1/me', 200, n
  from many;
insert into ops.usage_events (user_id, event_id, usage_id)
select u.user_id, u.id::text, u.id from ops.api_usage u;
insert into analytics.api_metrics
  (user_id, hour, route, method, status_class, model, calls, tokens_in, tokens_out, cost, duration_us, slowest_us, durations)
select user_id, date_trunc('hour', now()) - n * interval '1 hour', '/v1/me', 'GET', 2, '', 1, 0, 0, 0, 10, 10, '{1}'
  from many;
insert into ops.usage_batches (first_call) select id from many;
insert into analytics.daily_users (user_id, day) select user_id, current_date - n % 200 from many;

insert into memory.semantic_memories (user_id, id, content, kind, importance, metadata, valid_from, valid_to, expires_at)
select user_id, id, 'Memory number ' || n || ' is about topic ' || n % 97, case when n % 9 = 0 then 'preference' else 'fact' end,
       n % 101 / 100.0, jsonb_build_object('topic', n % 97), at, case when n % 5 = 0 then at + interval '1 minute' end,
       case when n % 50 = 0 then now() + n * interval '1 minute' end
  from many;
insert into memory.embeddings (user_id, id, model_id, collection, content, metadata, embedding)
select many.user_id, many.id, m.id, 'c' || n % 9, 'text ' || n, jsonb_build_object('n', n % 500), format('[%s,1]', n)::ext.vector
  from many cross join memory.embedding_models m where m.name = 'test-2-bare';
insert into memory.embedding_counts (user_id, model_id, embeddings)
select user_id, model_id, count(*) from memory.embeddings group by user_id, model_id;
insert into chat.conversations (user_id, id, title, updated_at)
select user_id, id, 'conversation ' || n, at from many;
insert into chat.messages (user_id, id, conversation_id, role, content, client_id, created_at, version, search)
select c.user_id, base.id_at(s.at), c.id, s.role, s.role || ' on ' || c.title, s.role || ' on ' || c.title, s.at, 2,
       to_tsvector('english', s.role || ' on ' || c.title)
  from chat.conversations c
 cross join lateral (
   values ('user', c.updated_at), ('assistant', c.updated_at + interval '1 second')) s (role, at);
update chat.conversations c
   set message_count = m.messages, first_message_id = m.first_id::uuid, last_message_id = m.last_id::uuid, last_message_at = m.last_at
  from (select n.user_id, n.conversation_id, count(*) as messages, min(n.id::text) as first_id, max(n.id::text) as last_id,
               max(n.created_at) as last_at from chat.messages n group by 1, 2) m
 where m.user_id = c.user_id and m.conversation_id = c.id;
insert into chat.search_rebuilds (user_id, conversation_id) select user_id, id from chat.conversations;
insert into chat.message_client_ids (user_id, client_id, message_id, fingerprint)
select user_id, client_id, id, sha256('') from chat.messages where client_id is not null;
insert into chat.message_edits (user_id, message_id, version, content, written_at)
select user_id, id, 1, content, created_at from chat.messages;
insert into chat.skills (name, version, description, current)
select 'skill' || n, '1.0.0', 'Does something', true from many where n <= 200;
insert into chat.planner_executions (user_id, id, goal, status, started_at, finished_at)
select user_id, id, 'Something', case when n % 10 = 0 then 'running' else 'succeeded' end, at, case when n % 10 <> 0 then at end
  from many;
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, status)
select p.user_id, p.id, 1, 'only', 'skill' || row_number() over () % 200 + 1, '1.0.0',
       case p.status when 'running' then 'pending' else p.status end
  from chat.planner_executions p;
insert into chat.function_executions (user_id, id, skill_name, skill_version, status, started_at, expires_at, finished_at)
select user_id, base.first_id(yesterday), 'skill' || n % 200 + 1, '1.0.0',
       case when n % 10 = 0 then 'running' when n % 11 = 0 then 'failed' else 'succeeded' end, at, at + interval '5 minutes',
       case when n % 10 <> 0 then at + interval '1 second' end
  from many;
insert into chat.unfolded_executions (user_id, execution_id, day, skill_name, skill_version, status, duration_us, from_us, finished_at)
select user_id, id, current_date, 'skill1', '1.0.0', 'succeeded', 1000, 1000, at from many;
insert into chat.user_skill_stats (user_id, day, skill_name, skill_version, status, from_us, runs, duration_us, slowest_us,
                                   last_finished_at)
select user_id, current_date - n % 200, 'skill' || n % 200 + 1, '1.0.0', 'succeeded', 7, 1, 1000, 1000, at from many;
insert into chat.skill_stats (day, skill_name, skill_version, status, from_us, runs, duration_us, slowest_us, last_finished_at)
select current_date - n % 365, 'skill' || n % 200 + 1, '1.0.0', 'succeeded', n % 7, 1, 1000, 1000, now() from many
on conflict do nothing;
insert into memory.recalls (user_id, memory_ids)
select m.user_id, array[m.id] from memory.semantic_memories m;

insert into base.touched_tags (xid, tag, touched_at) select n::text::xid8, 'users:' || user_id, at from many;
commit;
analyze;
