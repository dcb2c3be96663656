"""Who reaches whose rows: policy_matrix.txt, table by role by verb, against the database.

Every table under row policies gets one row of the caller's and one of another user's. Each role
then really selects, inserts, updates and deletes, and what happened is compared with the file:

    -     the role has no such right on the table
    none  it has the right, and no policy lets a row through
    own   the caller's row, or that of his team; not the other one
    all   both

A line also names the policies of that role, so that one that changes nothing yet is missed, too.
When a table or a policy is new, the failure shows the line to add: adding it is the review.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Engine, clone

FILE = Path(__file__).with_name("policy_matrix.txt")
ROLES = ("plinth_owner", "plinth_system", "plinth_operator", "plinth_web", "plinth_reader")

PREPARE = """
set session_replication_role = replica;

create function pg_temp.tables() returns table (rel regclass) language sql as $$
  select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p')
     and c.relrowsecurity and not c.relispartition
$$;

-- What a column of the row of one user holds: wherever an id fits, the user's.
create function pg_temp.sample(p_name text, p_type text, p_id uuid) returns text
language sql as $$
  select case
    when p_name in ('role') then quote_literal('owner')
    when p_name = 'permitted' then quote_literal('admin')
    when p_name = 'status' and p_type = 'text' then quote_literal('active')
    when p_type in ('uuid', 'text') then quote_literal(p_id)
    when p_type like '%[]' then quote_literal('{}')
    when p_type in ('jsonb', 'json') then quote_literal('{}')
    when p_type = 'bytea' then format('convert_to(%L, ''UTF8'')', p_id)
    when p_type = 'boolean' then 'true'
    when p_type in ('integer', 'bigint', 'smallint', 'numeric') then '1'
    when p_type in ('timestamp with time zone', 'date') then 'now()'
    when p_type = 'interval' then quote_literal('1 h')
    when p_type = 'inet' then quote_literal('127.0.0.1')
    when p_type = 'xid8' then 'pg_current_xact_id()'
    else 'null' end
$$;

create function pg_temp.insertion(p_table regclass, p_id uuid) returns text language sql as $$
  select format('insert into %s (%s) values (%s)', p_table,
                string_agg(quote_ident(a.attname), ', ' order by a.attnum),
                string_agg(pg_temp.sample(a.attname, format_type(a.atttypid, null), p_id), ', '
                           order by a.attnum))
    from pg_attribute a
   where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     and a.attidentity = ''
$$;

-- Rules of values and keys are not what is tested here, and a row needs a partition to lie in.
do $$
declare
  v record;
begin
  for v in
    select t.rel from pg_temp.tables() t join pg_partitioned_table p on p.partrelid = t.rel
     where p.partdefid = 0
  loop
    execute format('create table %s_rest partition of %1$s default', v.rel);
  end loop;
  for v in
    select k.conrelid::regclass as rel, k.conname from pg_constraint k
      join pg_temp.tables() t on t.rel = k.conrelid
     where k.contype in ('f', 'c', 'u', 'p') and k.conparentid = 0
     order by strpos('fcup', k.contype::text)
  loop
    execute format('alter table %s drop constraint if exists %I cascade', v.rel, v.conname);
  end loop;
  for v in
    select i.indexrelid::regclass as index from pg_index i
      join pg_temp.tables() t on t.rel = i.indrelid where i.indisunique
  loop
    execute format('drop index %s', v.index);
  end loop;
  for v in
    select t.rel, a.attname from pg_temp.tables() t
      join pg_attribute a on a.attrelid = t.rel and a.attnum > 0 and a.attnotnull
  loop
    execute format('alter table %s alter column %I drop not null', v.rel, v.attname);
  end loop;
  for v in select t.rel from pg_temp.tables() t loop
    execute format('truncate %s cascade', v.rel);
    execute pg_temp.insertion(v.rel, '0a000000-0000-7000-8000-000000000001');
    execute pg_temp.insertion(v.rel, '0a000000-0000-7000-8000-000000000002');
  end loop;
end $$;

-- Rows one statement reaches as a role with a caller; -1: the role has no such right. Undone.
create function pg_temp.reached(p_table regclass, p_role text, p_verb text, p_caller uuid)
returns integer language plpgsql as $$
declare
  v_column text := (select quote_ident(a.attname) from pg_attribute a
                     where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
                       and a.attgenerated = '' and a.attidentity = ''
                     order by a.atttypid = 'uuid'::regtype, a.attnum desc limit 1);
  v_rows  integer := 0;
  v_found integer;
  v_id    uuid;
  v_message text;
begin
  perform set_config('plinth.caller', p_caller::text, true);
  if p_verb = 'insert' then
    foreach v_id in array array['0a000000-0000-7000-8000-000000000001',
                                '0a000000-0000-7000-8000-000000000002']::uuid[] loop
      begin
        execute format('set local role %I', p_role);
        execute pg_temp.insertion(p_table, v_id);
        raise exception using errcode = 'P0001';
      exception
        when raise_exception then
          v_rows := v_rows + 1;
        when insufficient_privilege then
          get stacked diagnostics v_message = message_text;
          if v_message !~ 'row-level security' then
            return -1;
          end if;
      end;
    end loop;
    return v_rows;
  end if;
  begin
    execute format('set local role %I', p_role);
    execute case p_verb when 'select' then format('select %s from %s', v_column, p_table)
                        when 'update' then format('update %s set %s = default', p_table, v_column)
                        when 'delete' then format('delete from %s', p_table) end;
    get diagnostics v_found = row_count;
    raise exception using errcode = 'P0001';
  exception
    when raise_exception then
      v_rows := v_found;
    when insufficient_privilege then
      get stacked diagnostics v_message = message_text;
      if v_message !~ 'row-level security' then
        return -1;
      end if;
  end;
  return v_rows;
end
$$;

create function pg_temp.cell(p_table regclass, p_role text, p_verb text) returns text
language plpgsql as $$
declare
  v_caller   integer := pg_temp.reached(p_table, p_role, p_verb, '0a000000-0000-7000-8000-000000000001');
  v_stranger integer := pg_temp.reached(p_table, p_role, p_verb, '0a000000-0000-7000-8000-000000000003');
begin
  return case when v_caller = -1 and v_stranger = -1 then '-'
              when v_caller = 0 and v_stranger = 0 then 'none'
              when v_caller = 1 and v_stranger = 0 then 'own'
              when v_caller = 2 and v_stranger = 2 then 'all'
              else format('%s/%s', v_caller, v_stranger) end;
end
$$;

-- As plinth_web could, if it could name the tables at all: rights on the schema are not the point.
grant usage on schema auth, ops, base, http to plinth_web, plinth_reader;
"""  # noqa: E501

LINE = """
select t.rel::text, %(role)s,
       pg_temp.cell(t.rel, %(role)s, 'select'), pg_temp.cell(t.rel, %(role)s, 'insert'),
       pg_temp.cell(t.rel, %(role)s, 'update'), pg_temp.cell(t.rel, %(role)s, 'delete'),
       coalesce((select string_agg(format('%%s(%%s)', p.polname, p.polcmd), ' '
                                   order by p.polname)
                   from pg_policy p
                  where p.polrelid = t.rel and %(role)s::regrole = any (p.polroles)), '-')
  from pg_temp.tables() t
 where %(table)s::text is null or t.rel = %(table)s::text::regclass
 order by 1
"""

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def prepared(engine: Engine) -> Iterator[Connection]:
    with clone(engine) as database, database.connect() as connection:
        connection.execute(PREPARE)
        yield connection


def lines(connection: Connection, table: str | None = None) -> list[str]:
    found = [
        row
        for role in ROLES
        for row in connection.execute(LINE, {"role": role, "table": table}).fetchall()
    ]
    found.sort(key=lambda row: (row[0], ROLES.index(row[1])))
    # Who has neither right nor policy has no line: most of all the layer's login, everywhere.
    return [" ".join(row) for row in found if set(row[2:]) != {"-"}]


def expected() -> list[str]:
    text = FILE.read_text().splitlines()
    return [" ".join(line.split()) for line in text if line and not line.startswith("#")]


def of(table: str) -> list[str]:
    return [line for line in expected() if line.split()[0] == table]


def test_the_database_is_as_the_file_says(prepared: Connection) -> None:
    found = lines(prepared)
    assert len(found) > 40
    assert found == expected()


def test_each_policy_is_missed(prepared: Connection) -> None:
    """Dropped one after another: the file does not fit any more, whichever it is."""
    policies = prepared.execute(
        "select p.polrelid::regclass::text, p.polname from pg_policy p"
        " join pg_temp.tables() t on t.rel = p.polrelid order by 1, 2"
    ).fetchall()
    assert len(policies) > 60
    for table, policy in policies:
        prepared.execute("begin")
        prepared.execute(f'drop policy "{policy}" on {table}'.encode())
        fits = lines(prepared, table) == of(table)
        prepared.execute("rollback")
        assert not fits, f"nothing tells that {policy} on {table} is gone"
    for table in {table for table, _ in policies}:
        assert lines(prepared, table) == of(table)


@pytest.mark.parametrize(
    "fault",
    [
        "alter table auth.sessions disable row level security",
        "alter table auth.sessions no force row level security",
        "alter policy own_rows on auth.sessions using (true)",
        "grant select on auth.sessions to plinth_web",
        "grant delete on auth.users to plinth_operator",
        "create policy more on auth.users for select to plinth_reader using (true)",
        "revoke insert on auth.sessions from plinth_system",
    ],
)
def test_a_planted_fault_is_found(prepared: Connection, fault: str) -> None:
    prepared.execute("begin")
    prepared.execute(fault.encode())
    found = lines(prepared)
    prepared.execute("rollback")
    assert found != expected()
