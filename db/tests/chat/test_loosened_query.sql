-- core.loosened_query: a query that also takes words written alike.
begin;
select plan(11);

select function_returns('core', 'loosened_query', array['uuid', 'tsquery', 'text', 'regconfig', 'boolean'], 'tsquery');
select volatility_is('core', 'loosened_query', array['uuid', 'tsquery', 'text', 'regconfig', 'boolean'], 'stable');
select isnt_definer('core', 'loosened_query', array['uuid', 'tsquery', 'text', 'regconfig', 'boolean']);

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000c841', 'tap_loosened_anna', 'tap_loosened_anna@example.org');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000000c841', '019e0000-0000-7000-8000-00000000c851');
insert into chat.messages (user_id, conversation_id, role, content) values
  ('019e0000-0000-7000-8000-00000000c841', '019e0000-0000-7000-8000-00000000c851', 'user', 'vector victor databases running'),
  ('019e0000-0000-7000-8000-00000000c841', '019e0000-0000-7000-8000-00000000c851', 'user', 'vectors database dog');

create function pg_temp.loosened(p_query text, p_fuzzy boolean) returns text language sql volatile as $$
  select core.loosened_query('019e0000-0000-7000-8000-00000000c841', core.search_query(p_query, 'english'), p_query,
                             'english', p_fuzzy)::text
$$;
set local plinth.caller = '019e0000-0000-7000-8000-00000000c841';

select ok(to_tsvector('english', 'databases') @@ pg_temp.loosened('databse', false)::tsquery,
          'a word that is in no message finds the one near it');
select is(pg_temp.loosened('vector', false), $$'vector'$$, 'a known word stays alone');
select is(pg_temp.loosened('vector', true), $$'vector' | 'victor'$$, 'unless it is to be fuzzy');
select ok(not to_tsvector('english', 'vector databse') @@ pg_temp.loosened('vectr -databse', false)::tsquery
          and to_tsvector('english', 'vector database') @@ pg_temp.loosened('vectr -databse', false)::tsquery,
          'what is left out is left out as it was typed');
select ok(to_tsvector('english', 'running vector') @@ pg_temp.loosened('"runing vectr"', false)::tsquery, 'in a phrase');
select ok(not to_tsvector('english', 'vector running') @@ pg_temp.loosened('"runing vectr"', false)::tsquery, 'which stays one');
select is(pg_temp.loosened('dgo', false), $$'dgo'$$, 'short words stay');
select is(pg_temp.loosened('zzzzzz 12345', false), $$'zzzzzz' & '12345'$$, 'so does what nothing is near to');

select * from finish();
rollback;
