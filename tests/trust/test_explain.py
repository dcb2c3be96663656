"""Each endpoint can be explained, none reads a large table from one end to the other, and what is
shown is what PostgreSQL does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Database, Engine, Serve, clone
from tests.trust.calls import calls, really
from tests.trust.plans import ALICE, LARGE, Step, compare, explained, relations, watch

HERE = Path(__file__).resolve().parent
# Tables that do not grow with use; large_tables.sql fills all others.
SMALL = {
    "ops.schema_migrations": "a row per migration",
    "ops.migration_history": "a row per migration that ran",
    "ops.code_files": "a row per file",
    "ops.catalog_fingerprint": "a row per object of the schema",
    "ops.job_runs": "a row per job",
    "ops.secret_keys": "a row per key of the installation",
    "http.beats": "a row per replica",
    "http.cache_place": "one row",
    "analytics.daily_stats": "a row per day",
}
# Functions with a statement that has no plan, each looked at.
UNPLANNED = {
    "api.drop_embedding_model": "a table, by its number",
    "core.make_embedding_partition": "a table, made at that moment",
    "core.make_embedding_search": "a function, made at that moment",
    "core.make_nearest_embeddings": "the same",
    "ops.prepare_partition": "a table, made at that moment",
    "memory.tg_embeddings__count_new": "asks its transition table",
    "core.resource_owner": "the table that auth.resource_types names, by its key",
    "core.export_rows": "tables of the catalog, by the user's id",
    "core.export_lines": "the same, along an index: see below",
    "core.plan_statement": "explains others",
    "chat.tg_messages__count_new": "reads what the statement wrote, then one row by its key",
    "chat.tg_messages__count_changed": "the same",
    "chat.tg_messages__count_gone": "the same",
    "auth.tg_users__keep_logins": "plinth_system deletes no account: it never comes to that line",
    "chat.tg_conversations__rebuild_search": "plinth_system changes no language: the same",
    "memory.tg_embeddings__count_gone": "asks for the rows that its statement removed",
}
# Scans of large tables, each looked at. A reason other than "all of it counts" asks for an index.
SCANS = {
    ("api.get_user_statistics", "auth.users"): "counts all accounts by kind",
    ("api.get_user_statistics", "auth.sessions"): "a month of sessions is most of those kept",
    ("api.get_user_statistics", "auth.user_roles"): "counts all accounts by role",
    ("api.verify_audit", "ops.audit_unsealed"): "every row is checked",
    ("api.verify_audit", "ops.audit_seals"): "every seal is checked",
    ("core.embedding_total", "memory.embedding_counts"): "the users of one model are nearly all",
    ("api.get_embedding_progress", "memory.embedding_counts"): "the same: who asks for all users",
    ("models.nearest_4", "memory.embeddings_4"): "has no index of vectors to ask: never run",
    ("api.verify_usage", "ops.api_usage"): "every call is counted",
    ("api.verify_usage", "analytics.api_metrics"): "every row is compared",
    ("api.verify_skill_statistics", "chat.function_executions"): "every run is counted",
    ("api.verify_skill_statistics", "chat.unfolded_executions"): "every row is compared",
    ("api.verify_skill_statistics", "chat.user_skill_stats"): "every row is compared",
    ("api.verify_skill_statistics", "chat.skill_stats"): "every row is compared",
    ("http.undelivered", "base.touched_tags"): "asked by a replay that could not bump; "
    "the record is short, and an index would cost every write",
    ("http.health", "base.touched_tags"): "counts what no worker has bumped yet: next to nothing",
    ("http.check_server_role", "auth.users"): "looks for default passwords before it serves",
}
# Before PostgreSQL 18 EXCEPT hashes both sides; from then on it goes along two indexes.
SCANS_BEFORE_18 = {
    ("api.verify_audit", "ops.audit_logs"): "every row is looked for among the sealed",
    ("api.verify_audit", "ops.audit_erasures"): "every erasure is looked for among the rows",
}
# What a request could carry, by type; a text is an address.
MADE_UP = {
    "uuid": ALICE, "integer": 1, "bigint": 1, "numeric": 1, "boolean": True, "jsonb": {},
    "inet": "192.0.2.1", "date": "2026-01-01", "timestamp with time zone": "2026-01-01",
    "interval": "1 hour", "text[]": ["self:read"],
    "ext.vector": "[1,2,3]", "ext.vector[]": ["[1,2,3]"],
}  # fmt: skip


@pytest.fixture(scope="module")
def large(engine: Engine) -> Iterator[Database]:
    """One database for all tests here: more than 10,000 rows in each table that grows."""
    with clone(engine) as made:
        with made.connect() as connection:
            connection.execute((HERE / "large_tables.sql").read_bytes())
        yield made


@pytest.fixture(scope="module")
def endpoints(large: Database) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every route, its function, and arguments of the types that it asks for."""
    with large.connect() as connection:
        rows = connection.execute(
            "select r.method || ' ' || r.path, r.function_name, array("
            "         select row(a.name, a.type) from http.arguments(r.function_name::regproc) a"
            "          where a.required)"
            "  from http.routes r order by 1"
        ).fetchall()
    return {
        route: (function, {name: MADE_UP.get(type_, "alice@example.org") for name, type_ in asked})
        for route, function, asked in rows
    }


@pytest.fixture(scope="module")
def steps(
    large: Database, endpoints: dict[str, tuple[str, dict[str, Any]]]
) -> dict[str, list[Step]]:
    with large.connect("plinth_operator", autocommit=False) as connection:
        return {name: explained(connection, name, given) for name, (_, given) in endpoints.items()}


# ------------------------------------------------------------------- every endpoint, every query


def test_every_table_that_grows_is_large(large: Database) -> None:
    with large.connect() as connection:
        rows = connection.execute(
            "select format('%s.%s', m.schema_name, m.table_name), sum(c.reltuples)"
            "  from base.table_manifest m"
            "  join pg_class t on t.oid = format('%I.%I', m.schema_name, m.table_name)::regclass"
            "  left join pg_inherits i on i.inhparent = t.oid and t.relkind = 'p'"
            "  join pg_class c on c.oid = coalesce(i.inhrelid, t.oid)"
            " where m.class <> 'reference' group by 1"
        ).fetchall()
    small = {name for name, count in rows if count < LARGE}
    assert small == set(SMALL), "large_tables.sql fills what is not in SMALL"


def test_every_endpoint_can_be_explained(steps: dict[str, list[Step]]) -> None:
    made = {step for found in steps.values() for step in map(hashable, found)}
    without = {(function, notes) for function, _, _, notes, planned in made if not planned}
    assert {function for function, _ in without} == set(UNPLANNED), without
    assert all(notes for _, notes in without)
    # The one without a step asks no table.
    assert {name for name, found in steps.items() if not found} == {"POST /v1/password-generator"}


def hashable(step: Step) -> tuple[str, int, str, tuple[str, ...], bool]:
    return step.function, step.line, step.statement, tuple(step.notes), step.plan is not None


def known_scans(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], str]:
    return SCANS | (SCANS_BEFORE_18 if connection.info.server_version < 180000 else {})


def unknown_scans(steps: list[Step], known: dict[tuple[str, str], str] = SCANS) -> list[str]:
    return sorted({
        f"{step.function}:{step.line} reads {table} from one end to the other:\n{step.statement}"
        for step in steps for table in step.scans if (step.function, table) not in known
    })  # fmt: skip


def test_no_endpoint_reads_a_large_table_from_end_to_end(
    large: Database, steps: dict[str, list[Step]]
) -> None:
    # Besides its endpoint, every request passes functions of http.
    with large.connect("plinth_owner", autocommit=False) as connection:
        rows = connection.execute(
            "select e.function, e.line, e.statement, e.notes, e.plan from pg_proc p"
            " cross join lateral core.explain_function(p.oid) e"
            " where p.pronamespace = 'http'::regnamespace"
            "   and has_function_privilege('plinth_web', p.oid, 'execute')"
        ).fetchall()
        known = known_scans(connection)
    all_steps = [step for found in steps.values() for step in found] + [Step(*row) for row in rows]
    unknown = unknown_scans(all_steps, known)
    assert not unknown, "\n".join(unknown)
    gone = set(known) - {(step.function, table) for step in all_steps for table in step.scans}
    assert not gone, "these scans are no more: take them off SCANS"


# ------------------------------------------------------------------- what PostgreSQL really does


def test_the_plans_are_what_postgresql_does(
    large: Database,
    endpoints: dict[str, tuple[str, dict[str, Any]]],
    steps: dict[str, list[Step]],
) -> None:
    """Whatever auto_explain tells about is among the steps; so is each scan of a large table."""
    told, wrong = set(), []
    with large.connect(autocommit=False) as connection:
        tables = large_tables(connection)
        todo = list(calls(connection, endpoints))
        known = {
            call.route: explained(connection, call.route, call.given)
            if call.sure
            else steps[call.route]
            for call in todo
        }
        heard = watch(connection)
        connection.commit()
        for call in todo:
            heard.clear()
            error = really(connection, call)
            connection.rollback()
            wrong += [f"{call.function}: {error}"] if error and call.sure else []
            told |= {(seen.function, seen.line) for seen in heard if seen.tables}
            wrong += [f"{call.function}: {w}" for w in compare(heard, known[call.route], tables)]
    assert not wrong, "\n".join(wrong)
    shown = {(step.name, step.line) for found in known.values() for step in found}
    assert len(told & shown) > 0.6 * len(shown), "too little of what is shown really ran"


def kinds(plan: Any) -> set[str]:
    return {plan["Node Type"]}.union(*(kinds(below) for below in plan.get("Plans", ())))


def test_an_export_goes_along_an_index_of_each_table(large: Database) -> None:
    """From the beginning and from the middle: nothing is read from end to end, nothing sorted."""
    with large.connect(autocommit=False) as connection:
        connection.execute("select set_config('plinth.caller', %s, true)", [ALICE])
        page = "select line ->> 'table', cursor from api.export_user_rows(%s, %s)"
        found: list[tuple[str, str]] = []
        while more := connection.execute(page, [ALICE, found[-1][1] if found else None]).fetchall():
            found += more
        first = dict(reversed(found))
        heard = watch(connection)
        for cursor in [None, *first.values()]:
            connection.execute(page, [ALICE, cursor])
        told = [(seen.tables, seen) for seen in heard if seen.function == "export_lines"]
        big = large_tables(connection) & set().union(*(tables for tables, _ in told))
    assert len(big) > 20
    wrong = []
    for _, seen in told:
        scans = {table for kind, table in relations(seen.plan) if kind == "Seq Scan"} & big
        if scans or kinds(seen.plan) & {"Sort", "Incremental Sort"}:
            wrong.append(seen.text)
    assert not wrong, "\n".join(wrong)


def large_tables(connection: psycopg.Connection[Any]) -> set[str]:
    rows = connection.execute(
        "select c.oid::regclass::text from pg_class c where c.reltuples >= %s", [LARGE]
    )
    return {name for (name,) in rows}


# ------------------------------------------------------------------- both tests above can fail

# A scan in every place where a query can stand, in a function, a helper, a view and a trigger.
PLANTED = """
set local role plinth_owner;
create function core.planted_helper(p_bio text) returns boolean language plpgsql stable as $$
begin
  if p_bio is null then
    return false;
  elsif exists (select from auth.users u where u.bio = p_bio || '!') then
    return true;
  end if;
  return (select count(*) from auth.sessions s where s.user_agent = p_bio) = 0;
end $$;
create view core.planted_view as select u.id from auth.users u where core.planted_helper(u.bio);
create table base.planted (id integer);
create function base.tg_planted() returns trigger language plpgsql as $$
begin
  delete from auth.teams t where t.description = new.id::text;  -- a comment; it's one
  return null;
end $$;
create trigger planted after insert on base.planted
  for each row execute function base.tg_planted();
create function api.planted(p_bio text) returns setof uuid language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_count bigint := (select count(*) from auth.api_keys k where k.revoke_reason = p_bio);
  v_row   record;
begin
  perform from auth.users u where u.bio = p_bio;
  for v_row in select s.user_agent as agent from auth.sessions s where s.user_agent = p_bio loop
    v_count := v_count + (select count(*) from auth.api_keys k where k.name = v_row.agent || ';');
  end loop;
  <<again>>
  while exists (select from auth.grants g where g.created_at = 'epoch') loop
    exit again;
  end loop;
  begin
    insert into base.planted values (1) returning id into v_count;
  exception when unique_violation then
    null;
  end;
  case when v_count > (select count(*) from auth.totp t where t.last_step = 7) then
    return query select v.id from core.planted_view v limit 1;
  else
    null;
  end case;
end $$;
grant select on base.planted, core.planted_view, auth.teams to plinth_system;
grant insert on base.planted to plinth_system;
grant execute on function core.planted_helper(text) to plinth_system;
alter view core.planted_view owner to plinth_system;
alter function api.planted(text) owner to plinth_system;
reset role;
update auth.users set bio = 'planted' where username = 'alice';
update auth.sessions set user_agent = 'planted' where user_id = (
  select u.id from auth.users u where u.username = 'alice');
"""
# Where each scan is, and of what.
FOUND = {
    ("api.planted", 3, "auth.api_keys"),
    ("api.planted", 6, "auth.users"),
    ("api.planted", 7, "auth.sessions"),
    ("api.planted", 8, "auth.api_keys"),
    ("api.planted", 11, "auth.grants"),
    ("api.planted", 19, "auth.totp"),
    ("api.planted", 20, "auth.users"),
    ("core.planted_helper", 5, "auth.users"),
    ("core.planted_helper", 8, "auth.sessions"),
    ("base.tg_planted", 3, "auth.teams"),
}


def test_planted_scans_are_found_wherever_they_stand(large: Database) -> None:
    with large.connect(autocommit=False) as connection:
        connection.execute(PLANTED.encode())
        steps = explained(connection, "planted", {"bio": "planted"})
        assert {(s.function, s.line, table) for s in steps for table in s.scans} == FOUND
        unknown = unknown_scans(steps)
        assert len(unknown) == len(FOUND)
        assert (
            "api.planted:6 reads auth.users from one end to the other:\n"
            "perform from auth.users u where u.bio = p_bio"
        ) in unknown

        # It really ran through all of them, and what a step does not show is found.
        heard = watch(connection)
        connection.execute("select api.planted(p_bio => 'planted')")
        tables = large_tables(connection)
        ran = {(told.function, table) for told in heard for table in told.tables & tables}
        assert ran >= {(function.partition(".")[2], table) for function, _, table in FOUND}
        assert compare(heard, steps, tables) == []
        for hidden in [s for s in steps if s.scans]:
            assert compare(heard, [s for s in steps if s is not hidden], tables)
            blind = hidden._replace(plan={"Plan": {}})
            assert compare(heard, [blind if s is hidden else s for s in steps], tables)


# ------------------------------------------------------------------- over HTTP


def test_an_administrator_asks_over_http(large: Database, serve: Serve) -> None:
    server = serve(on=large)
    admin, alice = server.client(), server.client()
    admin.sign_in("admin")
    alice.sign_in("alice")
    asked = {"endpoint": "GET /v1/me", "user": ALICE, "analyze": True}
    assert server.client().post("/v1/admin/explain", asked).status == 401
    assert alice.post("/v1/admin/explain", asked).code == "NP001"

    told = admin.post("/v1/admin/explain", asked)
    assert told.status == 200, told.body
    first = told.json()["items"][0]
    assert first["function"] == "api.get_current_user"
    assert first["plan"]["Plan"]["Actual Rows"] == 1, "her own row, under her identity"
    assert "actual" in first["plan_text"]

    # Page by page; nothing that writes is executed, and no secret is shown.
    named = "select count(*) from auth.api_keys where name = 'x'"
    asked = {"endpoint": "POST /v1/api-keys", "arguments": {"name": "x", "scopes": ["self:read"]},
             "analyze": True, "limit": 2}  # fmt: skip
    pages = [admin.post("/v1/admin/explain", asked).json()]
    while pages[-1]["next"]:
        pages.append(admin.post("/v1/admin/explain", asked | {"after": pages[-1]["next"]}).json())
    numbers = [item["step"] for page in pages for item in page["items"]]
    assert len(pages) > 2
    assert numbers == list(range(1, len(numbers) + 1))
    assert large.value(named) == 0
    asked = {
        "endpoint": "POST /v1/sessions",
        "arguments": {"login": "a", "password": "Hidden@47"},
    }
    assert b"Hidden@47" not in admin.post("/v1/admin/explain", asked).body
    assert admin.post("/v1/admin/explain", {"endpoint": "GET /v1/nothing"}).status == 404
    asked = {"endpoint": "GET /v1/me", "arguments": {"user_id": ALICE}}
    assert admin.post("/v1/admin/explain", asked).code == "VL002"

    # She sees who looked.
    trail = alice.get("/v1/me/audit").json()["items"]
    assert any(row["action"] == "endpoint.explained" for row in trail)
