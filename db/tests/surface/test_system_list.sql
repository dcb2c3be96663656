-- The reviewed list. plinth_system crosses users, so each function and view it owns stands here with the reason, and
-- so does each right it has on a table. A new line is a review: does the body filter by user itself, or must it not?
begin;
set local search_path = tap, pg_catalog;
select plan(6);

create temp table reviewed (object text primary key, reason text not null);
insert into reviewed values
  ('function api.accept_invitation',     'joins a team that the caller is not in yet'),
  ('function api.add_team_member',       'counts the teams of the one who is added'),
  ('function api.create_team',           'nobody is in the team yet'),
  ('function api.decline_invitation',    'there is no caller: the token is all'),
  ('function api.list_team_members',     'shows the names of other members, to members only'),
  ('function auth.granted_ids',          'what the user this statement acts for was given; policies cannot ask policies'),
  ('function auth.team_ids',             'the teams of the user this statement acts for; the same'),
  ('function auth.tg__end_grants',       'grants on a thing end with it, whoever owns them'),
  ('function auth.tg__touch_granted',    'finds who was given a right on a thing that changed'),
  ('function auth.tg_grants__touch_subjects', 'finds the members of a team whose right changed'),
  ('function auth.tg_team_members__keep_an_owner', 'a team that lost its owner with an account gets another'),
  ('function auth.tg_users__end_grants', 'what an erased account was given ends'),
  ('function auth.touch_subject',        'finds the members of a team'),
  ('function core.check_grant_count',    'counts what others gave'),
  ('function core.user_by_name',         'finds another user by the public name'),
  ('function api.assign_role',           'administrators give roles to any account'),
  ('function api.list_user_roles',       'administrators see any account''s roles'),
  ('function api.unassign_role',         'administrators take roles from any account'),
  ('function auth.tg__keep_an_administrator', 'counts the administrators, whoever removes one'),
  ('function api.change_email',          'asks whose an address is, and may write to its owner'),
  ('function api.authenticate_user',     'sign-in looks an account up by its login, before there is a caller'),
  ('function api.create_session',        'sign-in: the caller is the outcome'),
  ('function api.create_users',          'administrators make accounts for others'),
  ('function api.delete_user',           'administrators delete any account'),
  ('function api.export_account',        'administrators export any account; the reading is done as that user'),
  ('function api.export_account_rows',   'the same'),
  ('function api.get_user',              'administrators see any account'),
  ('function api.get_user_conversations', 'searches the named user''s rows, by indexes that policies would switch off'),
  ('function api.get_user_statistics',   'administrators count all accounts'),
  ('function api.list_users',            'administrators search all accounts, by indexes that policies would switch off'),
  ('function api.restore_account',       'whose account it is says the token'),
  ('function api.restore_user',          'administrators restore any account'),
  ('function api.update_user',           'administrators change any account'),
  ('function api.update_users',          'administrators change many accounts'),
  ('function api.create_user',           'registration: the account is the outcome'),
  ('function api.list_user_flags',       'what flags are for any account: its roles and tier are read'),
  ('function api.preview_flag',          'counts over all active users'),
  ('function api.list_audit',            'the trail of all users, for who holds audit:read'),
  ('function api.request_password_reset', 'there is no caller: the account is found by its login'),
  ('function api.reset_password',        'there is no caller: the account is that of the link'),
  ('function api.revert_email',          'there is no caller: the account is that of the link'),
  ('function api.verify_email',          'there is no caller: the account is that of the link'),
  ('function api.set_mail_text',         'writes the texts of mail, which are everybody''s'),
  ('function api.set_password',          'operators set any account''s password'),
  ('function auth.tg_users__end_sessions', 'an account that is not active loses its sessions, whoever changed it'),
  ('function auth.tg_users__revoke_api_keys', 'an account that is not active loses its keys, whoever changed it'),
  ('function auth.tg_user_roles__keep_roles', 'the roles shown with an account are those it has, whoever changed them'),
  ('function api.get_signing_key',       'keys are nobody''s own; operators'),
  ('function api.rotate_signing_key',    'keys are nobody''s own; operators'),
  ('function core.new_signing_key',      'keys are nobody''s own'),
  ('function core.signing_key',          'keys are nobody''s own'),
  ('function api.step_up_session',       'checks the password of the caller as a sign-in does'),
  ('function auth.tg_totp__keep_two_factor', 'an account says whether it has a second factor, whoever changed it'),
  ('function core.check_second_factor',  'sign-in: the code belongs to somebody who is not the caller yet'),
  ('function api.refresh_session',       'whose session it is comes out of the refresh token'),
  ('function core.delete_dead_sessions', 'a job: removes what is dead, of everybody'),
  ('function core.open_session',         'sign-in: the caller is the outcome'),
  ('function core.session_lifetimes',    'at a refresh the caller is the outcome'),
  ('function core.end_sessions',         'a password set, an account recovered: sessions of somebody who is not the caller end'),
  ('function core.cleanup_one_time_tokens', 'a job: tokens of all accounts'),
  ('function core.cleanup_outbox',       'a job: messages of all accounts'),
  ('function core.issue_one_time_token', 'issues tokens for accounts that nobody is signed in to'),
  ('function core.send_mail',            'writes to accounts that nobody is signed in to, and to others than the caller'),
  ('function core.use_one_time_token',   'finds a token by its hash: whose it is shows only then'),
  ('function core.erase_audit',          'details of what a user did to others are others'' rows; erases of the named user only'),
  ('function core.erase_mentions',       'rows that name an erased account by its address are others'''),
  ('function chat.tg_messages__check_parent',  'a parent is in the conversation, whoever writes'),
  ('function chat.tg_messages__count_changed', 'a conversation has the numbers of its messages, whoever changed them'),
  ('function chat.tg_messages__count_gone',    'the same'),
  ('function chat.tg_messages__count_new',     'the same'),
  ('function chat.tg_messages__keep_edit',     'the text a message had is kept, whoever changed it'),
  ('function core.erase_deleted_conversations', 'a job: conversations of all users'),
  ('function core.erase_deleted_users',  'looks for accounts whose time to be restored is over, everybody''s'),
  ('function api.verify_audit',          'checks the trail of all users against its seals'),
  ('function api.list_secret_keys',     'counts the rows of all users by the key they need'),
  ('function core.adopt_secret_key',     'notes which key is in use: nobody''s'),
  ('function core.rebuild_search',       'a job: reads the messages of all users anew where their language changed'),
  ('function core.reencrypt_secrets',    'a job: secrets of all users'),
  ('function core.seal_audit',           'seals the trail of all users; shows nothing of it'),
  ('function core.user_of_session',     'plinth psql --as: looks the named account up by its login'),
  ('function api.delete_embeddings',     'searches by metadata, whose index policies switch off; names its user'),
  ('function api.get_embedding_progress', 'adds up everybody''s counts of two models'),
  ('function api.list_missing_embeddings', 'texts of everybody that lack vectors, for operators'),
  ('view api.v_embedding_models',        'adds up everybody''s counts; shows nothing of anybody'),
  ('function api.list_embeddings',       'searches by metadata, whose index policies switch off; names its user'),
  ('function core.embedding_total',      'adds up everybody''s counts of a model'),
  ('function api.search_similar_embeddings', 'searches by metadata, whose index policies switch off; names its user'),
  ('function memory.tg__forget_embeddings', 'the vectors of a text that was changed go, whoever changed it'),
  ('function memory.tg_embeddings__count_gone', 'counts rows that go with messages and accounts, whoever removes those'),
  ('function memory.tg_embeddings__count_none', 'counts of a table that was emptied, whoever emptied it'),
  ('function memory.tg_embeddings__count_new', 'counts what it is told of by the statement, whosever it is'),
  ('function core.plan_as_system',       'plans what functions of plinth_system do as they do it; executes nothing that writes'),
  ('function core.void_one_time_tokens', 'makes tokens of the named account void, also before there is a caller'),
  ('function http.check_server_role',    'reads whether a default password hash is left before serving in production'),
  ('function http.claim_mail',           'hands messages of all accounts to the worker'),
  ('function http.settle_mail',          'the worker reports on messages of all accounts'),
  ('function http.enter',                'finds the session or key of a token by its hash'),
  ('function http.vouch',                'asks http.enter who is calling'),
  ('function api.get_all_usage_stats',   'administrators see what everybody uses'),
  ('function api.verify_usage',          'recounts what everybody used'),
  ('function core.cleanup_usage',        'a job: usage of all users'),
  ('view api.v_api_usage',               'operators and readers see every call'),
  ('function core.add_usage',            'one batch holds the calls of many users'),
  ('function core.cleanup_usage_batches', 'batches belong to workers, and to no user'),
  ('function core.find_conversations',   'searches by indexes that policies would switch off; each statement names the user'),
  ('function core.find_messages',        'searches by indexes that policies would switch off; each statement names the user'),
  ('function core.fold_usage',           'one batch holds the calls of many users'),
  ('function http.record_usage',         'finds whose calls they were by the hashes of the presented tokens'),
  ('function http.enter_once',           'a call with a key: there may be no caller; reads and removes the row of this one'),
  ('function http.leave_once',           'the same; writes the row of this caller'),
  ('function core.cleanup_idempotency_keys', 'a job: keys of all callers'),
  ('function api.delete_memories',       'deletes what a user''s metadata say, by an index that policies would switch off'),
  ('function api.list_memories',         'finds what a user''s metadata say, by an index that policies would switch off'),
  ('function api.recall_memories',       'finds memories by words and metadata, by indexes that policies would switch off'),
  ('function core.memory_candidates',    'the same'),
  ('function core.find_memories',        'the same'),
  ('function api.search_all',            'the same, and vectors by theirs'),
  ('function core.cleanup_memories',     'a job: memories of all users'),
  ('function core.fold_recalls',         'a job: recalls of all users'),
  ('function api.list_limits',           'administrators see the limits of every user'),
  ('function api.remove_user_quota',     'administrators change the limits of any user'),
  ('function api.set_user_quota',        'administrators change the limits of any user'),
  ('function http.take',                 'counts calls before there is a caller, by token or address'),
  ('function core.cleanup_rate_limits',  'a job: what all users and addresses used a while ago'),
  ('function http.note_use',             'notes the use of whatever tokens were presented, by their hashes'),
  ('function chat.tg_function_executions__note', 'notes what ended for the statistics, whoever ended it'),
  ('view api.v_recent_conversations',    'operators and readers see who talks how much, and nothing of what is said'),
  ('function api.verify_skill_statistics', 'recounts the runs of all users'),
  ('function core.cleanup_skill_stats',  'a job: statistics of all users'),
  ('function core.fold_executions',      'a job: runs of all users'),
  ('function core.time_out_executions',  'a job: runs of all users'),
  ('view api.v_skill_statistics',        'counts over all users; shows nothing of theirs'),
  ('view api.v_mail',                    'counts messages of all accounts, without address or text'),
  ('view api.v_findings',                'counts over all users; shows nothing of theirs'),
  ('view api.v_active_users',            'operators and readers see every account, without address or secret');

create function pg_temp.owned() returns setof text language sql as $$
  select format('function %s.%s', p.pronamespace::regnamespace, p.proname) from pg_proc p
   where p.proowner = 'plinth_system'::regrole
  union all
  select format('%s %s', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'relation' end,
                c.oid::regclass) from pg_class c
   where c.relowner = 'plinth_system'::regrole and c.relkind <> 'i'
$$;

create function pg_temp.table_rights() returns setof text language sql as $$
  select format('%s %s', string_agg(lower(a.privilege_type), ' ' order by a.privilege_type), c.oid::regclass)
    from pg_class c cross join lateral aclexplode(c.relacl) a
   where a.grantee = 'plinth_system'::regrole and c.relowner <> 'plinth_system'::regrole and c.relkind in ('r', 'p')
     -- What it may do with a table it may do with a part of it.
     and not (c.relispartition
              and has_table_privilege('plinth_system', pg_partition_root(c.oid)::oid, a.privilege_type))
   group by c.oid
$$;

select set_eq('select pg_temp.owned()', 'select object from reviewed', 'plinth_system owns exactly the reviewed list');

create temp table rights as
select distinct trim(r) as table_and_verbs from regexp_split_to_table($$
  select update auth.api_keys
  select update auth.provider_keys
  select chat.skills
  delete select update chat.planner_executions
  select update chat.planner_steps
  select update chat.function_executions
  delete insert select chat.unfolded_executions
  delete insert select update chat.user_skill_stats
  insert select update chat.skill_stats
  insert select ops.secret_keys
  delete insert select update auth.attempts
  insert select update auth.logins
  delete insert select update auth.one_time_tokens
  delete insert select update auth.teams
  insert select update auth.team_members
  delete select auth.team_invitations
  delete select auth.grants
  select auth.resource_types
  select auth.permissions
  select http.beats
  select ops.flags
  delete select update memory.semantic_memories
  delete insert select update memory.recalls
  delete insert select update memory.embedding_counts
  select memory.embedding_models
  delete select update memory.embeddings
  select ops.flag_history
  select update auth.roles
  delete insert select update auth.sessions
  delete insert select update auth.signing_keys
  insert select auth.spent_refresh_tokens
  select update auth.erasures
  select update auth.recovery_codes
  delete select update auth.totp
  select auth.tiers
  delete select update chat.conversations
  delete select update chat.search_rebuilds
  delete select update chat.messages
  insert chat.message_edits
  delete insert select auth.user_roles
  insert select update auth.users
  select base.errors
  select base.settings
  select base.table_manifest
  select base.table_privacy
  delete select ops.audit_details
  insert select ops.audit_erasures
  select ops.audit_logs
  select ops.job_runs
  insert select ops.audit_seals
  delete select ops.audit_unsealed
  select ops.partitioned_tables
  delete insert select ops.api_usage
  delete insert select ops.usage_batches
  delete select ops.usage_events
  delete insert select update analytics.api_metrics
  delete insert select analytics.daily_users
  insert select update analytics.daily_stats
  select auth.common_passwords
  select auth.user_preferences
  select ops.mail_kinds
  insert select update ops.mail_texts
  delete insert select update ops.outbox
  delete insert select update ops.idempotency_keys
  delete insert select update ops.rate_limit_tracking
  delete insert select update ops.user_quotas
  select ops.route_limits
  select ops.tier_limits
$$, '\n') r where trim(r) <> '';
select set_eq('select pg_temp.table_rights()', 'select table_and_verbs from rights', 'and has exactly these rights on tables');

select is_empty(
  $$ select n.nspname from pg_namespace n cross join lateral aclexplode(n.nspacl) a
      where a.grantee = 'plinth_system'::regrole and a.privilege_type = 'CREATE'
        and n.nspname not in ('api', 'core', 'http') $$,
  'it creates nothing in schemas of data');
select is_empty(
  $$ select c.oid::regclass from pg_class c
      where c.relowner = 'plinth_system'::regrole and c.relkind = 'v'
        and 'security_invoker=true' = any (c.reloptions) $$,
  'its views run as plinth_system, or they would show nothing');

create function core.planted() returns void language sql as 'select';
alter function core.planted() owner to plinth_system;
grant delete on auth.logins to plinth_system;
select ok('function core.planted' in (select pg_temp.owned()), 'a function more is found');
select ok('delete insert select update auth.logins' in (select pg_temp.table_rights()), 'a right more is found');

select * from finish();
rollback;
