-- Whatever a conversation can be named for, a conversation that is not there is told: each function is really called
-- with an unknown one, a deleted one and another user's. An empty answer would say that there is nothing in it.
begin;
set local search_path = tap, pg_catalog;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000cf' || p_end)::uuid
$$;

create temp table call (name text, parameters text);
insert into call
select p.oid::regproc,
       -- What is needed, or asked for before a conversation is; the rest has its default.
       (select string_agg(format(', %I => %L', a.name, v.value), '' order by a.n)
          from unnest(p.proargnames[:p.pronargs]) with ordinality as a (name, n)
          join (values ('p_query', 'x'), ('p_embedding', '[1,2]'), ('p_goal', 'x'), ('p_content', 'x'),
                       ('p_model', 'tap_filters'), ('p_name', 'TapFilters')) as v (name, value) on v.name = a.name)
  from pg_proc p
 where p.pronamespace = 'api'::regnamespace and 'p_conversation_id' = any (p.proargnames[:p.pronargs])
   and array_position(p.proargnames, 'p_conversation_id') > p.pronargs - p.pronargdefaults;

select plan((select count(*)::integer * 3 + 1 from call));
select ok(count(*) >= 12, 'there are such functions') from call;

insert into auth.users (id, username, email) values
  (pg_temp.id('001'), 'tap_filters_anna', 'tap_filters_anna@example.org'),
  (pg_temp.id('002'), 'tap_filters_ben', 'tap_filters_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('001'), pg_temp.id('011'), 'deleted'), (pg_temp.id('002'), pg_temp.id('012'), 'active');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapFilters', '1.0.0', 'Does nothing', '{"type": "object"}', true, true);
insert into memory.embedding_models (name, dimensions) values ('tap_filters', 2);

create function pg_temp.answer(p_call call, p_conversation_id uuid) returns text language plpgsql as $$
declare
  v_field text;
begin
  execute format('select %s(p_user_id => %L, p_conversation_id => %L%s)', p_call.name, pg_temp.id('001'), p_conversation_id,
                 p_call.parameters);
  return 'an answer';
exception when sqlstate 'NF001' then
  get stacked diagnostics v_field = column_name;
  return format('%s (%s)', sqlerrm, v_field);
end
$$;

select is(pg_temp.answer(c, w.id), 'There is no such conversation (conversation_id)', format('%s, %s', c.name, w.whose))
  from call c
 cross join (values (pg_temp.id('010'), 'an unknown one'), (pg_temp.id('011'), 'a deleted one'),
                    (pg_temp.id('012'), 'another user''s')) as w (id, whose)
 order by c.name, w.id;

select * from finish();
rollback;
