-- core.branch_ids: the messages from one up to the main line, newest first: the message, what it answers, what that
-- answers, and so on. The last one is on the main line, unless p_depth was reached before.
--
-- Why offset 0   Each is looked up by its key: joined, all of the user's might be read where a session planned while
--         there were few.
create or replace function core.branch_ids(p_user_id uuid, p_message_id uuid, p_depth integer default null)
returns table (id uuid, on_main_line boolean)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive branch (id, parent_id, depth) as (
    select m.id, m.parent_id, 1 from chat.messages m where m.user_id = p_user_id and m.id = p_message_id
    union all
    select m.id, m.parent_id, b.depth + 1
      from branch b
     cross join lateral (select p.id, p.parent_id from chat.messages p
                          where p.user_id = p_user_id and p.id = b.parent_id offset 0) m
     where p_depth is null or b.depth < p_depth
  )
  select b.id, b.parent_id is null from branch b order by b.id desc
$$;

comment on function core.branch_ids(uuid, uuid, integer) is 'The messages from one up to the main line, newest first';
grant execute on function core.branch_ids(uuid, uuid, integer) to plinth_system;
